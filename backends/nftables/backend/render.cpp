// What render prints and where a backend on the real kernel comes from.
#include <algorithm>
#include <set>

#include "backends/nftables/backend/backend.h"
#include "backends/nftables/node_elements.h"
#include "backends/nftables/sizes.h"
#include "base/text.h"

namespace sy::nft {

Result<std::unique_ptr<Backend>> make_backend(Log& log) {
    auto kernel = open_kernel(words_layout());
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    return std::make_unique<NftBackend>(std::move(*kernel), log);
}

std::string render(const PlanDelta& plans, const NodeFacts& facts) {
    NumberPool numbers;
    auto elements = node_elements(facts);
    std::string refused;
    for (const auto& plan : plans.changed) {
        const auto fragment = compile(*plan, {}, numbers);
        if (!fragment) {
            refused += "# not programmed: " + printable(fragment.error().message()) + "\n";
            continue;
        }
        std::ranges::copy(fragment->own, std::back_inserter(elements));
        std::ranges::copy(fragment->shared, std::back_inserter(elements));
    }
    std::ranges::sort(elements);
    const auto duplicates = std::ranges::unique(elements);
    elements.erase(duplicates.begin(), duplicates.end());

    std::string text = refused;
    for (const auto family : kFamilies) {
        TableConfig config;
        config.family = family;
        config.detector = facts.detector;
        config.masquerade_all = facts.masquerade_all;
        config.classes = numbers.classes(family);
        std::array<uint64_t, kSetCount> counts{};
        for (const auto& element : elements) {
            counts[static_cast<std::size_t>(element.set())] += element.family() == family;
        }
        config.sizes = sizes_for(config.sizes, counts);
        text += table_text(config, elements);
    }
    return text;
}

}  // namespace sy::nft
