#include "backends/iptables/kernel/foreign_sets.h"

#include <utility>

#include "backends/iptables/kernel/sets.h"

namespace sy::iptables {

Result<std::size_t> remove_foreign_sets(const std::function<bool(std::string_view name)>& doomed) {
    if (!Sets::are_loaded()) {
        return 0;
    }
    auto sets = Sets::open();
    if (!sets) {
        return std::unexpected(sets.error());
    }
    const auto headers = sets->headers();
    if (!headers) {
        return std::unexpected(headers.error());
    }
    std::size_t removed = 0;
    Result<void> outcome;
    for (const ListedSet& set : *headers) {
        if (!doomed(set.name)) {
            continue;
        }
        if (auto done = sets->destroy(set.name); !done) {
            outcome = std::move(done);
        } else {
            ++removed;
        }
    }
    if (!outcome) {
        return std::unexpected(outcome.error());
    }
    return removed;
}

}  // namespace sy::iptables
