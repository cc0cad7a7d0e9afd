// Attributes of what the kernel answers, read with libnl.
#pragma once

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/ip.h"

namespace sy::ipvs {

/// The attributes 1..Max of a message, by their numbers. They point into the message.
template <int Max>
class Attributes {
  public:
    /// Of a message with a fixed part of `header` bytes.
    Attributes(const nlmsghdr& message, std::size_t header)
        : Attributes(nlmsg_attrdata(&message, static_cast<int>(header)),
                     nlmsg_attrlen(&message, static_cast<int>(header))) {}
    /// Of a nested attribute.
    explicit Attributes(const nlattr& nest)
        : Attributes(static_cast<nlattr*>(nla_data(&nest)), nla_len(&nest)) {}

    const nlattr* operator[](int type) const { return table_[static_cast<std::size_t>(type)]; }

    std::optional<std::span<const uint8_t>> bytes(int type) const {
        const nlattr* attribute = (*this)[type];
        if (attribute == nullptr) {
            return std::nullopt;
        }
        return std::span(static_cast<const uint8_t*>(nla_data(attribute)),
                         static_cast<std::size_t>(nla_len(attribute)));
    }
    std::optional<uint16_t> u16(int type) const {
        const nlattr* attribute = (*this)[type];
        return attribute != nullptr && nla_len(attribute) >= 2
                   ? std::optional(nla_get_u16(attribute))
                   : std::nullopt;
    }
    std::optional<uint32_t> u32(int type) const {
        const nlattr* attribute = (*this)[type];
        return attribute != nullptr && nla_len(attribute) >= 4
                   ? std::optional(nla_get_u32(attribute))
                   : std::nullopt;
    }
    /// An address of the family in a field that may be wider than it.
    std::optional<IpAddr> address(int type, Family family) const {
        const auto payload = bytes(type);
        const std::size_t size = family == Family::ipv4 ? 4 : 16;
        return payload && payload->size() >= size ? IpAddr::from_bytes(payload->first(size))
                                                  : std::nullopt;
    }

  private:
    Attributes(nlattr* first, int length) {
        // What is malformed ends the list; what was read before stays.
        (void)nla_parse(table_.data(), Max, first, length, nullptr);
    }

    std::array<nlattr*, Max + 1> table_{};
};

}  // namespace sy::ipvs
