// `switchyard render`: one reading, one complete set of rules.
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>

#include "agent/node_facts.h"
#include "backends/registry.h"
#include "cli/commands/commands.h"
#include "cli/log_sink.h"
#include "model/cluster_state.h"
#include "os/addresses.h"
#include "source/manifest/source.h"

namespace sy {
namespace {

/// The addresses of this host's interfaces, and those that the Node object and the flags give, so
/// that the rules of another node can be printed too.
std::vector<IpAddr> addresses_to_render(const Options& options, const Node* node, Log& log) {
    std::vector<IpAddr> addresses;
    if (auto watch = AddressWatch::open()) {
        addresses = watch->addresses();
    } else {
        log.warning(watch.error().message());
    }
    if (node != nullptr) {
        addresses.insert(addresses.end(), node->addresses.begin(), node->addresses.end());
    }
    const auto& bind = options.node.bind_address;
    if (bind && !bind->is_unspecified()) {
        addresses.push_back(*bind);
    }
    return addresses;
}

}  // namespace

int render(const Options& options) {
    const auto log = make_log(options.log);
    for (const std::string& warning : options.warnings) {
        log->warning(warning);
    }
    Symbols symbols;
    ClusterState state(symbols, options.node_name);
    const NodeIps ips = node_ips(options.node.bind_address, {});
    if (ips.ipv4 || ips.ipv6) {
        state.set_node_ips(ips.ipv4, ips.ipv6);
    }
    boost::asio::io_context io{1};
    ManifestSource source(io, symbols, *log, options.manifests);
    const auto started = source.start([&](std::vector<Event> events) {
        for (Event& event : events) {
            state.apply(std::move(event));
        }
    });
    if (!started) {
        log->error(started.error().message());
        return 1;
    }
    while (!state.complete() && io.run_one() > 0) {
    }
    const bool bad = source.standing_errors() > 0;
    source.stop();

    const auto plans = state.take(std::numeric_limits<std::size_t>::max());
    const auto computed = node_facts(options.node, addresses_to_render(options, state.node(), *log),
                                     state.node(), state.service_cidrs());
    const std::string text =
        find_backend(options.proxy_mode)->render(plans, computed.facts, options.backend);
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        log->error("standard output cannot be written");
        return 1;
    }
    return bad ? 1 : 0;
}

}  // namespace sy
