// Messages and attributes of netfilter's netlink as they arrive. Total for any input: what is
// malformed ends the walk or is left out.
#pragma once

#include <libmnl/libmnl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <type_traits>

namespace sy::iptables {

using Bytes = std::span<const uint8_t>;

struct Message {
    uint16_t type = 0;
    uint32_t sequence = 0;
    /// AF_INET, …
    uint8_t family = 0;
    Bytes attributes{};
    /// The last one to a request; `code` is 0, or what the kernel says against it (positive).
    bool is_last = false;
    int code = 0;
    /// Attributes of the copy of the request that comes with a code, if there is one.
    Bytes refused{};
};
/// Calls `f` for each message of a datagram.
void for_each_message(Bytes datagram, const std::function<void(const Message&)>& f);

/// Calls `f(type, payload)` for each attribute.
template <class F>
void for_each_attribute(Bytes bytes, F&& f) {
    while (bytes.size() >= sizeof(nlattr)) {
        const auto* attribute = reinterpret_cast<const nlattr*>(bytes.data());
        if (!mnl_attr_ok(attribute, static_cast<int>(bytes.size()))) {
            return;
        }
        f(mnl_attr_get_type(attribute),
          Bytes(static_cast<const uint8_t*>(mnl_attr_get_payload(attribute)),
                mnl_attr_get_payload_len(attribute)));
        bytes = bytes.subspan(std::min<std::size_t>(MNL_ALIGN(attribute->nla_len), bytes.size()));
    }
}

/// As it stands there; 0 if the size is another.
template <class T>
T number(Bytes payload) {
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    if (payload.size() == sizeof value) {
        std::memcpy(&value, payload.data(), sizeof value);
    }
    return value;
}

/// Up to the first zero byte.
inline std::string text(Bytes payload) {
    const auto* first = reinterpret_cast<const char*>(payload.data());
    return payload.empty() ? std::string() : std::string(first, strnlen(first, payload.size()));
}

}  // namespace sy::iptables
