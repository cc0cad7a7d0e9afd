#include "backends/nftables/table.h"

#include <algorithm>

#include "backends/nftables/layout.h"
#include "backends/nftables/schema.h"

namespace sy::nft {

std::string ClassDef::chain() const {
    if (timeout == 0) {
        return "pick_" + std::to_string(count);
    }
    return "sticky_" + std::to_string(count) + "_" + std::to_string(timeout);
}

SetSizes default_sizes(const Layout& layout) {
    SetSizes sizes{};
    for (const auto set : layout.sets) {
        sizes[static_cast<std::size_t>(set)] = schema(set).interval ? 0 : schema(set).size;
    }
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
