// What render prints and where a backend on the real kernel comes from.
#include <algorithm>
#include <array>

#include "backends/ipvs/backend/backend.h"
#include "backends/ipvs/backend/retirement.h"
#include "backends/ipvs/compile.h"
#include "backends/ipvs/layout.h"
#include "backends/ipvs/word.h"
#include "backends/nftables/node_elements.h"
#include "base/text.h"

namespace sy::ipvs {
namespace {

std::string mark_option(const ServerKey& server) {
    return "-f " + std::to_string(server.mark) + (server.family == Family::ipv6 ? " -6" : "");
}

std::string endpoint_text(const EndpointAddr& endpoint) {
    const auto address = endpoint.ip.to_string();
    return (endpoint.ip.family() == Family::ipv6 ? "[" + address + "]" : address) + ":" +
           std::to_string(endpoint.port.number());
}

struct Kernels {
    std::unique_ptr<Kernel> servers;
    std::unique_ptr<nft::Kernel> tables;
};

Result<Kernels> open_kernels(const IpvsSettings& settings, Log& log) {
    auto servers = open_kernel(settings, log);
    if (!servers) {
        return std::unexpected(servers.error());
    }
    auto tables = nft::open_kernel(marks_layout());
    if (!tables) {
        return std::unexpected(tables.error());
    }
    return Kernels{std::move(*servers), std::move(*tables)};
}

/// In the words of `ipvsadm -S -n`.
std::string server_text(const Object& object, const std::string& scheduler) {
    if (const auto* server = std::get_if<ServerKey>(&object)) {
        return "-A " + mark_option(*server) + " -s " + scheduler + "\n";
    }
    if (const auto* target = std::get_if<Target>(&object)) {
        return "-a " + mark_option(target->server) + " -r " + endpoint_text(target->address) +
               " -m -w 1\n";
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Backend>> make_backend(const IpvsSettings& settings, Log& log) {
    auto kernels = open_kernels(settings, log);
    if (!kernels) {
        return std::unexpected(std::move(kernels.error()));
    }
    return std::make_unique<IpvsBackend>(std::move(kernels->servers), std::move(kernels->tables),
                                         settings, log);
}

Result<void> remove(const IpvsSettings& settings, Log& log) {
    auto backend = make_backend(settings, log);
    return backend ? (*backend)->teardown() : std::unexpected(backend.error());
}

Result<std::unique_ptr<sy::Retirement>> retire(const IpvsSettings& settings, Log& log) {
    auto kernels = open_kernels(settings, log);
    if (!kernels) {
        return std::unexpected(std::move(kernels.error()));
    }
    return std::make_unique<Retirement>(std::move(kernels->servers), std::move(kernels->tables));
}

std::string render(const PlanDelta& plans, const NodeFacts& facts, const IpvsSettings& settings) {
    nft::NumberPool numbers(kMaxId);
    std::vector<Object> objects;
    std::string text;
    for (const auto& plan : plans.changed) {
        const auto fragment = compile(*plan, Fragment{}, numbers);
        if (!fragment) {
            text += "# not programmed: " + printable(fragment.error().message()) + "\n";
            continue;
        }
        std::ranges::copy(fragment->own, std::back_inserter(objects));
        std::ranges::copy(fragment->shared, std::back_inserter(objects));
    }
    std::ranges::sort(objects);
    const auto duplicates = std::ranges::unique(objects);
    objects.erase(duplicates.begin(), duplicates.end());

    auto elements = elements_of(objects);
    std::ranges::copy(nft::node_elements(facts), std::back_inserter(elements));
    std::ranges::sort(elements);
    for (const auto family : kFamilies) {
        nft::TableConfig config;
        config.layout = &marks_layout();
        config.family = family;
        config.detector = facts.detector;
        config.masquerade_all = facts.masquerade_all;
        config.classes = numbers.classes(family);
        nft::SetCounts counts{};
        for (const auto& element : elements) {
            counts[static_cast<std::size_t>(element.set())] += element.family() == family;
        }
        config.sizes = nft::sizes_for(nft::default_sizes(marks_layout()), counts);
        text += nft::table_text(config, elements);
    }
    for (const auto& object : objects) {
        text += server_text(object, settings.scheduler);
    }
    return text;
}

}  // namespace sy::ipvs
