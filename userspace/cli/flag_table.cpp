#include <algorithm>
#include <iterator>
#include <vector>

#include "cli/flags.h"
#include "cli/mode_flags.h"

namespace sy {
namespace {

constexpr std::string_view kCluster = "Cluster";
constexpr std::string_view kNode = "Node";
constexpr std::string_view kLocal = "Local pods and source addresses";
constexpr std::string_view kSync = "Synchronisation";
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
});

constexpr auto kLast = std::to_array<FlagSpec>({
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
    static const auto kAll = [] {
        std::vector<FlagSpec> out(kFlags.begin(), kFlags.end());
        std::ranges::copy(mode_flag_specs(), std::back_inserter(out));
        std::ranges::copy(kLast, std::back_inserter(out));
        return out;
    }();
    return kAll;
}

std::span<const FlagSpec> cleanup_flag_specs() {
    static const auto kCleanup = [] {
        std::vector<FlagSpec> out;
        std::ranges::copy_if(flag_specs(), std::back_inserter(out), [](const FlagSpec& spec) {
            return spec.group == kLogGroup || spec.name == "cgroup-root" || spec.name == "bpf-root";
        });
        return out;
    }();
    return kCleanup;
}

}  // namespace sy
