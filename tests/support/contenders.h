// The backends as the shared suite runs them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/registry.h"
#include "tests/support/outside_view.h"

namespace sy::lab {

/// One way to run a backend: a column of the table in docs/backends.md.
struct Contender {
    /// "nftables"; of a backend with several forms "iptables_legacy".
    std::string_view name;
    const BackendEntry* entry = nullptr;
    std::shared_ptr<const OutsideView> view{};
    /// Makes settings those of this form; null: they are.
    void (*choose)(BackendSettings& settings) = nullptr;
    /// The same for the program, besides --proxy-mode.
    std::vector<std::string> flags{};
};

/// All that this machine can run, in the order of the registry. A backend that is registered and
/// unknown here fails the test program: it would go untested.
const std::vector<Contender>& contenders();

}  // namespace sy::lab
