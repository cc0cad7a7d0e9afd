#include "backends/iptables/kernel/netlink_message.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

namespace sy::iptables {
namespace {

Message parse(const nlmsghdr& header, Bytes body) {
    Message message{.type = header.nlmsg_type, .sequence = header.nlmsg_seq};
    if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
        constexpr std::size_t kBefore = sizeof(nlmsgerr) + MNL_ALIGN(sizeof(nfgenmsg));
        int code = 0;
        if (body.size() >= sizeof code) {
            std::memcpy(&code, body.data(), sizeof code);
        }
        message.is_last = true;
        message.code = -code;
        if (header.nlmsg_type == NLMSG_ERROR && body.size() > kBefore) {
            message.refused = body.subspan(kBefore);
        }
    } else if (body.size() >= sizeof(nfgenmsg)) {
        message.family = body[offsetof(nfgenmsg, nfgen_family)];
        message.attributes = body.subspan(sizeof(nfgenmsg));
    }
    return message;
}

}  // namespace

void for_each_message(Bytes datagram, const std::function<void(const Message&)>& f) {
    while (datagram.size() >= sizeof(nlmsghdr)) {
        nlmsghdr header{};
        std::memcpy(&header, datagram.data(), sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) {
            return;
        }
        f(parse(header, datagram.subspan(sizeof header, header.nlmsg_len - sizeof header)));
        datagram =
            datagram.subspan(std::min<std::size_t>(MNL_ALIGN(header.nlmsg_len), datagram.size()));
    }
}

}  // namespace sy::iptables
