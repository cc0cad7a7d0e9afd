#include "backends/registry.h"

#include <linux/capability.h>

#include <algorithm>
#include <array>

#include "backends/nftables/backend/backend.h"

namespace sy {
namespace {

constexpr std::array kNetAdmin{CAP_NET_ADMIN};

constexpr std::array kBackends{
    BackendEntry{
        .name = "nftables",
        .make = [](const BackendSettings&, Log& log) { return nft::make_backend(log); },
        .render = nft::render,
        .retire = nullptr,
        .capabilities = kNetAdmin,
    },
};

}  // namespace

std::span<const BackendEntry> backends() {
    return kBackends;
}

const BackendEntry* find_backend(std::string_view name) {
    const auto found = std::ranges::find(kBackends, name, &BackendEntry::name);
    return found == kBackends.end() ? nullptr : &*found;
}

}  // namespace sy
