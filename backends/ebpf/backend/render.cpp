// What is shown to people, and where a backend on the real kernel comes from.
#include <utility>

#include "backends/ebpf/backend/backend.h"
#include "backends/ebpf/compile.h"
#include "backends/ebpf/kernel/open.h"
#include "backends/ebpf/text.h"
#include "backends/nftables/backend/backend.h"
#include "base/text.h"

namespace sy::ebpf {

Result<std::unique_ptr<Backend>> make_backend(const EbpfSettings& settings, Log& log) {
    auto companion = nft::make_backend(log);
    if (!companion) {
        return companion;
    }
    auto kernel = open_kernel(settings, log);
    if (!kernel) {
        return std::unexpected(std::move(kernel.error()));
    }
    return std::make_unique<EbpfBackend>(
        Parts{.companion = std::move(*companion),
              .kernel = std::move(*kernel),
              .make_pruner = [settings, &log] { return make_socket_pruner(settings, log); },
              .make_reader = [settings] { return make_traffic_reader(settings); }},
        settings, log);
}

Result<void> remove(const EbpfSettings& settings, bool with_companion, Log& log) {
    if (belongs_elsewhere(settings)) {
        log.info("maps of another network namespace are left alone: " + settings.bpf_root);
        return {};
    }
    auto kernel = open_kernel(settings, log);
    if (!kernel) {
        return std::unexpected(std::move(kernel.error()));
    }
    if (const auto removed = (*kernel)->remove_all(); !removed) {
        return std::unexpected(removed.error());
    }
    if (!with_companion) {
        return {};
    }
    auto companion = nft::make_backend(log);
    if (!companion) {
        return std::unexpected(std::move(companion.error()));
    }
    return (*companion)->teardown();
}

std::string render(const PlanDelta& plans, const NodeFacts& facts) {
    Pools pools{EbpfSettings{}};
    std::vector<Programmed> programmed;
    std::string refused;
    for (const auto& plan : plans.changed) {
        auto fragment = compile(*plan, {}, pools);
        if (!fragment) {
            refused += "# left to the packet path: " + printable(fragment.error().message()) + "\n";
            continue;
        }
        programmed.push_back({plan->name, std::move(*fragment)});
    }
    return nft::render(plans, facts) +
           "# What sockets are translated by; the tables above answer everything else.\n" +
           refused + maps_text(programmed, facts, pools);
}

}  // namespace sy::ebpf
