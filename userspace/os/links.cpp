#include "os/links.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "os/netlink.h"

namespace sy {
namespace {

constexpr std::size_t kRequestSize = 256;

struct Link {
    int index = 0;
    std::string kind{};
};

struct Answer {
    int code = 0;
    Link link{};
};

int collect_info(const nlattr* attribute, void* data) {
    if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND) {
        const std::string_view kind(mnl_attr_get_str(attribute),
                                    mnl_attr_get_payload_len(attribute));
        *static_cast<std::string*>(data) = kind.substr(0, kind.find('\0'));
    }
    return MNL_CB_OK;
}

int collect_link(const nlattr* attribute, void* data) {
    if (mnl_attr_get_type(attribute) == IFLA_LINKINFO) {
        mnl_attr_parse_nested(attribute, collect_info, data);
    }
    return MNL_CB_OK;
}

Answer parse(std::span<const uint8_t> datagram) {
    Answer answer{.code = EPROTO};
    const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
    if (!mnl_nlmsg_ok(message, static_cast<int>(datagram.size()))) {
        return answer;
    }
    const auto size = mnl_nlmsg_get_payload_len(message);
    if (message->nlmsg_type == NLMSG_ERROR && size >= sizeof(nlmsgerr)) {
        answer.code = -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error;
    } else if (message->nlmsg_type == RTM_NEWLINK && size >= sizeof(ifinfomsg)) {
        answer.code = 0;
        answer.link.index =
            static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message))->ifi_index;
        mnl_attr_parse(message, sizeof(ifinfomsg), collect_link, &answer.link.kind);
    }
    return answer;
}

/// By name, or by index where there is no name.
Result<Answer> ask(NetlinkSocket& socket, uint16_t type, uint16_t flags, const std::string& name,
                   int index) {
    alignas(nlmsghdr) std::array<uint8_t, kRequestSize> buffer{};
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    auto* header = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
    header->ifi_index = index;
    if (!name.empty()) {
        mnl_attr_put_strz(message, IFLA_IFNAME, name.c_str());
    }
    if (const auto sent = socket.send(std::span(buffer).first(message->nlmsg_len)); !sent) {
        return std::unexpected(sent.error());
    }
    std::vector<uint8_t> received;
    const auto datagram = socket.receive(received, true);
    if (!datagram) {
        return std::unexpected(datagram.error());
    }
    return parse(*datagram);
}

}  // namespace

Result<bool> remove_link(const std::string& name, const std::string& kind) {
    auto socket = NetlinkSocket::open(NETLINK_ROUTE);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    const auto found = ask(*socket, RTM_GETLINK, 0, name, 0);
    if (!found) {
        return std::unexpected(found.error());
    }
    if (found->code == ENODEV || (found->code == 0 && found->link.kind != kind)) {
        return false;
    }
    if (found->code != 0) {
        return fail("look for the interface", name, found->code);
    }
    const auto removed = ask(*socket, RTM_DELLINK, NLM_F_ACK, {}, found->link.index);
    if (!removed) {
        return std::unexpected(removed.error());
    }
    if (removed->code != 0 && removed->code != ENODEV) {
        return fail("remove the interface", name, removed->code);
    }
    return removed->code == 0;
}

}  // namespace sy
