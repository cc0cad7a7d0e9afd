#include <algorithm>
#include <iterator>
#include <vector>

#include "cli/flags.h"

namespace sy {
namespace {

constexpr std::string_view kCluster = "Cluster";
constexpr std::string_view kNode = "Node";
constexpr std::string_view kLocal = "Local pods and source addresses";
constexpr std::string_view kSync = "Synchronisation";
constexpr std::string_view kEbpf = "Mode ebpf";
constexpr std::string_view kIptables = "Mode iptables";
constexpr std::string_view kIpvs = "Mode ipvs";
constexpr std::string_view kTracking = "Connection tracking";
constexpr std::string_view kServing = "Health and metrics";
constexpr std::string_view kConfig = "Configuration";
constexpr std::string_view kHidden;
constexpr std::string_view kSwitch;
constexpr auto kCounts = WithConfig::counts;

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"config",
     "FILE",
     kConfig,
     "kube-proxy's configuration (KubeProxyConfiguration); other flags\n"
     "are then ignored, but for those marked with *",
     {},
     kCounts},
    {"write-config-to",
     "FILE",
     kConfig,
     "Write the configuration in force to a file, and exit",
     {},
     kCounts},
    {"init-only",
     kSwitch,
     kConfig,
     "Write kernel settings, check what is needed, and exit",
     {},
     kCounts},
    {"cleanup", kSwitch, kConfig, "The same as \"switchyard cleanup\"", {}, kCounts},
    {"version", kSwitch, kConfig, "The same as \"switchyard version\"", {}, kCounts},

    {"manifests",
     "PATH",
     kCluster,
     "* File or folder with Services, EndpointSlices, Nodes and\n"
     "ServiceCIDRs as YAML or JSON, instead of an API server;\n"
     "may be repeated",
     {"switchyard.manifests"},
     kCounts},
    {"kubeconfig",
     "FILE",
     kCluster,
     "How to reach the API server (default: as a pod does)",
     {"clientConnection.kubeconfig"}},
    {"master", "URL", kCluster, "* The API server, instead of the kubeconfig's", {}, kCounts},
    {"hostname-override",
     "NAME",
     kCluster,
     "* Name of this node's Node object (default: the host name)",
     {"hostnameOverride"},
     kCounts},

    {"proxy-mode", "MODE", kNode, "How rules are written", {"mode"}},
    {"bind-address",
     "IP",
     kNode,
     "The node's own IP, instead of the Node object's; nothing\n"
     "is bound to it",
     {"bindAddress"}},
    {"nodeport-addresses",
     "NETWORKS",
     kNode,
     "Where NodePorts are served: \"primary\" (the node's own\n"
     "IPs) or networks; a family without a network is served on\n"
     "all its addresses (default: primary)",
     {"nodePortAddresses"}},
    {"oom-score-adj", "NUMBER", kNode, "-1000 to 1000 (default: -999)", {"oomScoreAdj"}},

    {"detect-local-mode",
     "MODE",
     kLocal,
     "How pods of this node are recognised: ClusterCIDR,\n"
     "NodeCIDR, BridgeInterface or InterfaceNamePrefix\n"
     "(default: ClusterCIDR)",
     {"detectLocalMode"}},
    {"cluster-cidr",
     "NETWORK[,NETWORK]",
     kLocal,
     "Networks of the pods, at most one per family\n"
     "(default: none, no pod is recognised)",
     {"clusterCIDR"}},
    {"pod-bridge-interface",
     "NAME",
     kLocal,
     "Bridge behind which the pods are (mode BridgeInterface)",
     {"detectLocal.bridgeInterface"}},
    {"pod-interface-name-prefix",
     "PREFIX",
     kLocal,
     "How names of pod interfaces begin\n"
     "(mode InterfaceNamePrefix)",
     {"detectLocal.interfaceNamePrefix"}},
    {"masquerade-all",
     kSwitch,
     kLocal,
     "Replace the source address of all ClusterIP traffic",
     {"nftables.masqueradeAll", "iptables.masqueradeAll"}},

    {"min-sync-period",
     "DURATION",
     kSync,
     "* Pause between two syncs at least (default: 0s)",
     {"switchyard.minSyncPeriod"},
     kCounts},
    {"sync-period",
     "DURATION",
     kSync,
     "* Longest pause before a failed sync is tried again\n(default: 30s)",
     {"switchyard.syncPeriod"},
     kCounts},
    {"iptables-min-sync-period",
     "DURATION",
     kSync,
     "kube-proxy's name for --min-sync-period",
     {"nftables.minSyncPeriod", "iptables.minSyncPeriod"}},
    {"iptables-sync-period",
     "DURATION",
     kSync,
     "kube-proxy's name for --sync-period",
     {"nftables.syncPeriod", "iptables.syncPeriod"}},

    {"conntrack-max-per-core",
     "NUMBER",
     kTracking,
     "Tracked connections per CPU; the table is only ever\n"
     "raised, 0 leaves it alone (default: 32768)",
     {"conntrack.maxPerCore"}},
    {"conntrack-min",
     "NUMBER",
     kTracking,
     "Tracked connections at least (default: 131072)",
     {"conntrack.min"}},
    {"conntrack-tcp-timeout-established",
     "DURATION",
     kTracking,
     "Idle TCP connections; 0 leaves it alone (default: 24h)",
     {"conntrack.tcpEstablishedTimeout"}},
    {"conntrack-tcp-timeout-close-wait",
     "DURATION",
     kTracking,
     "TCP in CLOSE_WAIT; 0 leaves it alone (default: 1h)",
     {"conntrack.tcpCloseWaitTimeout"}},
    {"conntrack-udp-timeout",
     "DURATION",
     kTracking,
     "UDP without an answer; 0 leaves it alone (default: 0)",
     {"conntrack.udpTimeout"}},
    {"conntrack-udp-timeout-stream",
     "DURATION",
     kTracking,
     "UDP with answers; 0 leaves it alone (default: 0)",
     {"conntrack.udpStreamTimeout"}},
    {"conntrack-tcp-be-liberal",
     kSwitch,
     kTracking,
     "Do not mark out-of-window TCP packets as invalid",
     {"conntrack.tcpBeLiberal"}},

    {"healthz-bind-address",
     "IP[:PORT]",
     kServing,
     "Where /healthz, /livez and /readyz are served; \"\" for\n"
     "nowhere (default: 0.0.0.0:10256 or [::]:10256)",
     {"healthzBindAddress"}},
    {"metrics-bind-address",
     "IP[:PORT]",
     kServing,
     "Where /metrics is served; \"\" for nowhere\n"
     "(default: 127.0.0.1:10249 or [::1]:10249)",
     {"metricsBindAddress"}},
    {"bind-address-hard-fail",
     kSwitch,
     kServing,
     "Exit if one of these addresses cannot be bound",
     {"bindAddressHardFail"}},

    {"metrics-max-services",
     "NUMBER",
     kServing,
     "* Ports of Services with traffic counters of their own; the\n"
     "others are counted together (default: 1000)",
     {"switchyard.metricsMaxServices"},
     kCounts},

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

    {"log-level",
     "LEVEL",
     kLogGroup,
     "* debug, info, warning or error (default: info)",
     {"switchyard.logLevel"},
     kCounts},
    {"v",
     "NUMBER",
     kLogGroup,
     "* kube-proxy's verbosity; 4 and more is debug",
     {"logging.verbosity"},
     kCounts,
     'v'},
    {"log-format",
     "FORMAT",
     kLogGroup,
     "* text or json (default: text)",
     {"switchyard.logFormat"},
     kCounts},
    {"logging-format",
     "FORMAT",
     kLogGroup,
     "* kube-proxy's name for --log-format",
     {"logging.format"},
     kCounts},

    // Of kube-proxy, deprecated or without effect here.
    {"healthz-port", "PORT", kHidden, "", {}},
    {"metrics-port", "PORT", kHidden, "", {}},
    {"vmodule", "PATTERNS", kHidden, "", {"logging.vmodule"}, kCounts},
    {"log-flush-frequency", "DURATION", kHidden, "", {"logging.flushFrequency"}, kCounts},
    {"log-json-info-buffer-size",
     "SIZE",
     kHidden,
     "",
     {"logging.options.json.infoBufferSize"},
     kCounts},
    {"log-json-split-stream", kSwitch, kHidden, "", {"logging.options.json.splitStream"}, kCounts},
    {"log-text-info-buffer-size",
     "SIZE",
     kHidden,
     "",
     {"logging.options.text.infoBufferSize"},
     kCounts},
    {"log-text-split-stream", kSwitch, kHidden, "", {"logging.options.text.splitStream"}, kCounts},
    {"feature-gates", "GATES", kHidden, "", {"featureGates"}},
    {"kube-api-qps", "NUMBER", kHidden, "", {"clientConnection.qps"}},
    {"kube-api-burst", "NUMBER", kHidden, "", {"clientConnection.burst"}},
    {"kube-api-content-type", "TYPE", kHidden, "", {"clientConnection.contentType"}},
    {"config-sync-period", "DURATION", kHidden, "", {"configSyncPeriod"}},
    {"profiling", kSwitch, kHidden, "", {"enableProfiling"}},
    {"show-hidden-metrics-for-version", "VERSION", kHidden, "", {"showHiddenMetricsForVersion"}},
    {"proxy-port-range", "RANGE", kHidden, "", {"portRange"}},
    {"network-name", "NAME", kHidden, "", {"winkernel.networkName"}},
    {"source-vip", "IP", kHidden, "", {"winkernel.sourceVip"}},
    {"enable-dsr", kSwitch, kHidden, "", {"winkernel.enableDSR"}},
    {"root-hnsendpoint-name", "NAME", kHidden, "", {"winkernel.rootHnsEndpointName"}},
    {"forward-healthcheck-vip", kSwitch, kHidden, "", {"winkernel.forwardHealthCheckVip"}},
    {"windows-service", kSwitch, kHidden, "", {"windowsRunAsService"}},
    // Of klog, as kube-proxy passes them on.
    {"logtostderr", kSwitch, kHidden, "", {}, kCounts},
    {"alsologtostderr", kSwitch, kHidden, "", {}, kCounts},
    {"add-dir-header", kSwitch, kHidden, "", {}, kCounts},
    {"log-backtrace-at", "PLACE", kHidden, "", {}, kCounts},
    {"log-dir", "FOLDER", kHidden, "", {}, kCounts},
    {"log-file", "FILE", kHidden, "", {}, kCounts},
    {"log-file-max-size", "NUMBER", kHidden, "", {}, kCounts},
    {"one-output", kSwitch, kHidden, "", {}, kCounts},
    {"skip-headers", kSwitch, kHidden, "", {}, kCounts},
    {"skip-log-headers", kSwitch, kHidden, "", {}, kCounts},
    {"stderrthreshold", "LEVEL", kHidden, "", {}, kCounts},
});

}  // namespace

std::span<const FlagSpec> flag_specs() {
    return kFlags;
}

std::span<const FlagSpec> cleanup_flag_specs() {
    static const auto kCleanup = [] {
        std::vector<FlagSpec> out;
        std::ranges::copy_if(kFlags, std::back_inserter(out), [](const FlagSpec& spec) {
            return spec.group == kLogGroup || spec.name == "cgroup-root" || spec.name == "bpf-root";
        });
        return out;
    }();
    return kCleanup;
}

}  // namespace sy
