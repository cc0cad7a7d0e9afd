#include "cli/mode_flags.h"

#include <array>

namespace sy {
namespace {

constexpr std::string_view kEbpf = "Mode ebpf";
constexpr std::string_view kIptables = "Mode iptables";
constexpr std::string_view kIpvs = "Mode ipvs";
constexpr std::string_view kSwitch;
constexpr auto kCounts = WithConfig::counts;

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"cgroup-root",
     "FOLDER",
     kEbpf,
     "* Sockets of processes in this cgroup and below are\n"
     "translated (default: where cgroup2 is mounted)",
     {"switchyard.ebpf.cgroupRoot"},
     kCounts},
    {"bpf-root",
     "FOLDER",
     kEbpf,
     "* Folder in a bpffs for what outlives the process\n"
     "(default: /sys/fs/bpf/switchyard)",
     {"switchyard.ebpf.bpfRoot"},
     kCounts},
    {"ebpf-max-frontends",
     "NUMBER",
     kEbpf,
     "* How many addresses with port the maps may hold per family\n"
     "(default: 1048576)",
     {"switchyard.ebpf.maxFrontends"},
     kCounts},
    {"ebpf-max-services",
     "NUMBER",
     kEbpf,
     "* The same for lists of endpoints (default: 524288)",
     {"switchyard.ebpf.maxServices"},
     kCounts},
    {"ebpf-max-endpoints",
     "NUMBER",
     kEbpf,
     "* The same for endpoints (default: 2097152)",
     {"switchyard.ebpf.maxEndpoints"},
     kCounts},
    {"ebpf-affinity-clients",
     "NUMBER",
     kEbpf,
     "* Clients whose endpoint is remembered for session affinity\n"
     "(default: 65536)",
     {"switchyard.ebpf.affinityClients"},
     kCounts},
    {"ebpf-show-vip",
     kSwitch,
     kEbpf,
     "* TCP clients see the Service's address as their peer, not\n"
     "the endpoint's; =false saves memory (default: true)",
     {"switchyard.ebpf.showVIP"},
     kCounts},
    {"ebpf-skip-cgroup",
     "PATH",
     kEbpf,
     "* Leaves processes in this cgroup and below to nftables; as\n"
     "/proc/PID/cgroup has it; may be repeated",
     {"switchyard.ebpf.skipCgroups"},
     kCounts},
    {"ebpf-skip-netns",
     "FILE",
     kEbpf,
     "* Leaves a network namespace to nftables, such as\n"
     "/run/netns/NAME; may be repeated",
     {"switchyard.ebpf.skipNetns"},
     kCounts},

    {"iptables-variant",
     "VARIANT",
     kIptables,
     "* legacy or nft, where this host's other rules are in\n"
     "another one (default: detect)",
     {"switchyard.iptables.variant"},
     kCounts},
    {"iptables-masquerade-bit",
     "BIT",
     kIptables,
     "Bit of the packet mark that says \"masquerade\"\n"
     "(default: 14)",
     {"iptables.masqueradeBit"}},
    {"iptables-localhost-nodeports",
     kSwitch,
     kIptables,
     "Serve NodePorts on 127.0.0.1 as well (default: true)",
     {"iptables.localhostNodePorts"}},

    {"ipvs-scheduler",
     "NAME",
     kIpvs,
     "How the kernel chooses among endpoints: rr, lc, sh, mh, …\n"
     "(default: rr)",
     {"ipvs.scheduler"}},
    {"ipvs-strict-arp",
     kSwitch,
     kIpvs,
     "Answer ARP only for addresses of the interface it came by",
     {"ipvs.strictARP"}},
    {"ipvs-exclude-cidrs",
     "NETWORKS",
     kIpvs,
     "Leave virtual servers at these addresses to others",
     {"ipvs.excludeCIDRs"}},
    {"ipvs-tcp-timeout",
     "DURATION",
     kIpvs,
     "Idle TCP connections; 0 leaves it alone (default: 0)",
     {"ipvs.tcpTimeout"}},
    {"ipvs-tcpfin-timeout",
     "DURATION",
     kIpvs,
     "TCP after a FIN; 0 leaves it alone (default: 0)",
     {"ipvs.tcpFinTimeout"}},
    {"ipvs-udp-timeout",
     "DURATION",
     kIpvs,
     "UDP; 0 leaves it alone (default: 0)",
     {"ipvs.udpTimeout"}},
    {"ipvs-min-sync-period",
     "DURATION",
     kIpvs,
     "kube-proxy's name for --min-sync-period",
     {"ipvs.minSyncPeriod"}},
    {"ipvs-sync-period",
     "DURATION",
     kIpvs,
     "kube-proxy's name for --sync-period",
     {"ipvs.syncPeriod"}},
});

}  // namespace

std::span<const FlagSpec> mode_flag_specs() {
    return kFlags;
}

}  // namespace sy
