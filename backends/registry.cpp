#include "backends/registry.h"

#include <linux/capability.h>

#include <algorithm>
#include <array>

#include "backends/ebpf/backend/backend.h"
#include "backends/iptables/backend/backend.h"
#include "backends/ipvs/backend/backend.h"
#include "backends/nftables/backend/backend.h"

namespace sy {
namespace {

constexpr std::array kNetAdmin{CAP_NET_ADMIN};
// Programs and maps; iterators; network namespaces of pods, and finding them; memory of maps before
// Linux 5.11.
constexpr std::array kEbpfNeeds{CAP_NET_ADMIN, CAP_BPF,        CAP_PERFMON,
                                CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_RESOURCE};

// The programs of iptables and their match `set` open raw sockets.
constexpr std::array kIptablesNeeds{CAP_NET_ADMIN, CAP_NET_RAW};

constexpr std::string_view kNftables = "nftables";
constexpr std::string_view kEbpf = "ebpf";

using Retiring = Result<std::unique_ptr<Retirement>>;

/// All of it is over.
Retiring at_once(Result<void> done) {
    return done ? Retiring() : std::unexpected(std::move(done.error()));
}

/// The table goes, unless it is the packet path of the successor.
Retiring retire_nftables(const BackendSettings& /*settings*/, const BackendEntry& successor,
                         Log& log) {
    if (successor.name == kEbpf) {
        return {};
    }
    auto backend = nft::make_backend(log);
    return backend ? at_once((*backend)->teardown()) : std::unexpected(backend.error());
}

/// Sockets that ebpf leads to an endpoint meet what IPVS remembers of earlier connections from the
/// same port: answers would get the address of the Service, which the socket does not know.
Retiring retire_ipvs(const BackendSettings& settings, const BackendEntry& successor, Log& log) {
    return successor.name == kEbpf ? at_once(ipvs::remove(settings.ipvs, log))
                                   : ipvs::retire(settings.ipvs, log);
}

constexpr std::array kBackends{
    BackendEntry{
        .name = kNftables,
        .make = [](const BackendSettings&, Log& log) { return nft::make_backend(log); },
        .render = [](const PlanDelta& plans, const NodeFacts& facts,
                     const BackendSettings&) { return nft::render(plans, facts); },
        .retire = retire_nftables,
        .capabilities = kNetAdmin,
    },
    BackendEntry{
        .name = kEbpf,
        .make = [](const BackendSettings& settings,
                   Log& log) { return ebpf::make_backend(settings.ebpf, log); },
        .render = [](const PlanDelta& plans, const NodeFacts& facts,
                     const BackendSettings&) { return ebpf::render(plans, facts); },
        // Its packet path is the nftables backend.
        .retire =
            [](const BackendSettings& settings, const BackendEntry& successor, Log& log) {
                return at_once(ebpf::remove(settings.ebpf, successor.name != kNftables, log));
            },
        .capabilities = kEbpfNeeds,
        .place = [](const BackendSettings& settings) { return settings.ebpf.bpf_root; },
    },
    BackendEntry{
        .name = "iptables",
        .make = [](const BackendSettings& settings,
                   Log& log) { return iptables::make_backend(settings.iptables, log); },
        .render =
            [](const PlanDelta& plans, const NodeFacts& facts, const BackendSettings& settings) {
                return iptables::render(plans, facts, settings.iptables);
            },
        .retire = [](const BackendSettings& settings, const BackendEntry&,
                     Log& log) { return at_once(iptables::remove(settings.iptables, log)); },
        .remove = [](const BackendSettings& settings,
                     Log& log) { return iptables::remove(settings.iptables, log); },
        .load_modules =
            [](const BackendSettings& settings) { iptables::load_modules(settings.iptables); },
        .capabilities = kIptablesNeeds,
    },
    BackendEntry{
        .name = "ipvs",
        .make = [](const BackendSettings& settings,
                   Log& log) { return ipvs::make_backend(settings.ipvs, log); },
        .render =
            [](const PlanDelta& plans, const NodeFacts& facts, const BackendSettings& settings) {
                return ipvs::render(plans, facts, settings.ipvs);
            },
        .retire = retire_ipvs,
        .remove = [](const BackendSettings& settings,
                     Log& log) { return ipvs::remove(settings.ipvs, log); },
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
