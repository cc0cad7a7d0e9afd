// One netlink message, written with libnl.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

struct nl_msg;

namespace sy::ipvs {

/// Room for one message, used for one after the other. What is written fits by construction: no
/// message of ours comes near the limit.
class Message {
  public:
    Message();

    /// Starts a message; what was written before is forgotten.
    void begin(uint16_t type, uint16_t flags);
    /// The same for one of generic netlink.
    void begin_generic(uint16_t family, uint8_t command, uint16_t flags);
    /// The fixed part that follows the header (rtmsg, ifaddrmsg).
    template <class Header>
    void put_header(const Header& header) {
        static_assert(std::is_trivially_copyable_v<Header>);
        put_raw(&header, sizeof header);
    }

    void put(int type, std::span<const uint8_t> payload);
    void put_u16(int type, uint16_t value);
    void put_u32(int type, uint32_t value);
    void put_text(int type, const std::string& text);
    /// An attribute with what `fill` puts in it.
    template <class Fill>
    void nest(int type, const Fill& fill) {
        nlattr* start = begin_nest(type);
        fill();
        end_nest(start);
    }

    /// Valid until the next begin.
    std::span<const uint8_t> bytes() const;

  private:
    struct Free {
        void operator()(nl_msg* message) const;
    };
    void put_raw(const void* data, std::size_t size);
    nlattr* begin_nest(int type);
    void end_nest(nlattr* start);

    std::unique_ptr<nl_msg, Free> message_;
};

}  // namespace sy::ipvs
