#include "backends/nftables/table.h"

#include <algorithm>

namespace sy::nft {

std::string ClassDef::chain() const {
    if (timeout == 0) {
        return "pick_" + std::to_string(count);
    }
    return "sticky_" + std::to_string(count) + "_" + std::to_string(timeout);
}

SetSizes default_sizes() {
    SetSizes sizes;
    sizes.fill(65536);
    const auto size = [&sizes](SetId set) -> uint32_t& {
        return sizes[static_cast<std::size_t>(set)];
    };
    for (const auto interval : {SetId::pod_cidrs, SetId::service_cidrs, SetId::ranges}) {
        size(interval) = 0;
    }
    size(SetId::nodeport_ips) = 1024;
    size(SetId::classes) = 1024;
    size(SetId::endpoints) = 262144;
    size(SetId::service_endpoints) = 262144;
    return sizes;
}

Result<void> validate(const TableConfig& config) {
    const auto* iface = std::get_if<InterfaceDetector>(&config.detector);
    if (iface == nullptr) {
        return {};
    }
    constexpr std::size_t kLongest = 15;  // IFNAMSIZ with its terminator is 16
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+=";
    const auto& name = iface->name;
    if (name.empty() || name.size() > (iface->is_prefix ? kLongest - 1 : kLongest) ||
        name.find_first_not_of(kAllowed) != std::string::npos) {
        return fail("not usable as the interface name of the detector of local traffic", name);
    }
    return {};
}

}  // namespace sy::nft
