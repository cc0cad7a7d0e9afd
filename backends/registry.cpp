#include "backends/registry.h"

#include <algorithm>
#include <array>

#include "backends/nftables/backend/backend.h"

namespace sy {
namespace {

constexpr std::array kBackends{
    BackendEntry{"nftables", nft::make_backend, nft::render},
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
