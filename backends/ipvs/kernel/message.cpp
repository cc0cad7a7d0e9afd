#include "backends/ipvs/kernel/message.h"

#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include <new>
#include <stdexcept>

namespace sy::ipvs {
namespace {

constexpr std::size_t kRoom = 4096;

void must(bool done) {
    if (!done) {
        throw std::length_error("a netlink message does not fit its buffer");
    }
}

}  // namespace

void Message::Free::operator()(nl_msg* message) const {
    nlmsg_free(message);
}

Message::Message() : message_(nlmsg_alloc_size(kRoom)) {
    if (!message_) {
        throw std::bad_alloc();
    }
}

void Message::begin(uint16_t type, uint16_t flags) {
    // libnl appends at the length the header tells; a message per change would be an allocation of
    // a page per change.
    nlmsg_hdr(message_.get())->nlmsg_len = NLMSG_HDRLEN;
    must(nlmsg_put(message_.get(), 0, 0, type, 0, NLM_F_REQUEST | flags) != nullptr);
}

void Message::begin_generic(uint16_t family, uint8_t command, uint16_t flags) {
    nlmsg_hdr(message_.get())->nlmsg_len = NLMSG_HDRLEN;
    must(genlmsg_put(message_.get(), 0, 0, family, 0, NLM_F_REQUEST | flags, command,
                     IPVS_GENL_VERSION) != nullptr);
}

void Message::put_raw(const void* data, std::size_t size) {
    must(nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) == 0);
}

void Message::put(int type, std::span<const uint8_t> payload) {
    must(nla_put(message_.get(), type, static_cast<int>(payload.size()), payload.data()) == 0);
}

void Message::put_u16(int type, uint16_t value) {
    must(nla_put_u16(message_.get(), type, value) == 0);
}

void Message::put_u32(int type, uint32_t value) {
    must(nla_put_u32(message_.get(), type, value) == 0);
}

void Message::put_text(int type, const std::string& text) {
    must(nla_put_string(message_.get(), type, text.c_str()) == 0);
}

nlattr* Message::begin_nest(int type) {
    nlattr* start = nla_nest_start(message_.get(), type);
    must(start != nullptr);
    return start;
}

void Message::end_nest(nlattr* start) {
    nla_nest_end(message_.get(), start);
}

std::span<const uint8_t> Message::bytes() const {
    const nlmsghdr* header = nlmsg_hdr(message_.get());
    return {reinterpret_cast<const uint8_t*>(header), header->nlmsg_len};
}

}  // namespace sy::ipvs
