#include "config/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "config/ebpf_options.h"
#include "config/inert.h"
#include "config/netfilter_options.h"
#include "config/values.h"
#include "config/write_config.h"

namespace sy {
namespace {

constexpr std::size_t kLongestInterfaceName = 15;

std::string joined(const auto& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

bool is_interface_name(std::string_view text) {
    return text.size() <= kLongestInterfaceName && std::ranges::none_of(text, [](char c) {
               return c == '/' || c == ':' || c <= ' ' || c == 0x7f;
           });
}

/// Goes through a configuration; all mistakes are collected.
class Interpreter {
  public:
    Interpreter(const ProxyConfig& given, const Surroundings& surroundings, const Place& place)
        : given_(given),
          config_(complete(given, surroundings.proxy_modes.front())),
          surroundings_(surroundings),
          place_(place) {}

    Interpretation interpret() {
        read_mode();
        read_name();
        read_cluster();
        read_node();
        read_detector();
        read_backend();
        read_periods();
        read_conntrack();
        read_serving();
        read_log();
        options().oom_score_adj = static_cast<int>(*config_.oom_score_adj);
        options().configz = fmt::format(R"({{"kubeproxy.config.k8s.io": {}}})", to_json(config_));
        tell_inert();
        return std::move(out_);
    }

  private:
    Options& options() { return out_.options; }

    void wrong(std::string_view path, std::string_view what) {
        out_.errors.push_back(printable(fmt::format("{}: {}", place_(path), what)));
    }
    void warn(std::string_view path, std::string_view what) {
        options().warnings.push_back(printable(fmt::format("{}: {}", place_(path), what)));
    }

    void read_mode() {
        const auto& modes = surroundings_.proxy_modes;
        options().proxy_mode = config_.mode;
        if (std::ranges::find(modes, config_.mode) == modes.end()) {
            wrong("mode", fmt::format("there is no mode \"{}\"; give one of: {}", config_.mode,
                                      joined(modes)));
        }
    }

    void read_name() {
        const auto& given = config_.hostname_override;
        const auto name = trim(given.empty() ? surroundings_.hostname : given);
        if (name.empty()) {
            wrong("hostnameOverride", "is blank; give the name of the Node object");
        }
        options().node_name = name;
        std::ranges::transform(name, options().node_name.begin(), [](char c) {
            return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        });
    }

    void read_cluster() {
        const auto& client = config_.client_connection;
        options().manifests = config_.switchyard.manifests;
        if (options().manifests.empty()) {
            options().api = ApiOptions{.kubeconfig = client.kubeconfig, .master = {}};
        } else if (!client.kubeconfig.empty()) {
            wrong("switchyard.manifests",
                  "cannot go together with a kubeconfig; the cluster is read either from manifests "
                  "or from an API server");
        }
    }

    void read_node() {
        NodeOptions& node = options().node;
        // 0.0.0.0 and :: say nothing about the node, but for the family of what is served.
        if (!config_.bind_address->is_unspecified()) {
            node.bind_address = config_.bind_address;
        }
        const auto section = section_of(config_.mode);
        node.masquerade_all = section == "nftables" ? config_.nftables.masquerade_all
                                                    : config_.iptables.masquerade_all;
        node.nodeports =
            config_.node_port_addresses.value_or(NodePortSelection{.primary = false, .cidrs = {}});
        if (node.nodeports.primary) {
            return;
        }
        if (!config_.node_port_addresses) {
            warn("nodePortAddresses",
                 "is not set, NodePorts are served on all addresses of this node; consider "
                 "\"primary\"");
            return;
        }
        check_nodeport_networks(node.nodeports.cidrs);
    }

    void check_nodeport_networks(const std::vector<Cidr>& cidrs) {
        const auto* why = config_.mode == "ebpf"
                              ? "loopback serves NodePorts to the node itself in any case"
                              : "loopback never serves NodePorts";
        for (const Cidr& cidr : cidrs) {
            const bool served = cidr.family() == Family::ipv4 && serves_localhost(config_);
            if (cidr.first().is_loopback() && !served) {
                warn("nodePortAddresses",
                     fmt::format("{} has no effect, {}", cidr.to_string(), why));
            }
        }
        for (const Family family : kFamilies) {
            if (std::ranges::find(cidrs, family, &Cidr::family) == cidrs.end()) {
                warn("nodePortAddresses",
                     fmt::format("holds no {0} network, NodePorts are served on all {0} addresses "
                                 "of this node",
                                 to_string(family)));
            }
        }
    }

    void read_detector() {
        DetectLocal& detect = options().node.detect_local;
        detect.mode = *config_.detect_local_mode;
        detect.cluster_cidrs = config_.cluster_cidr;
        read_interface("detectLocal.bridgeInterface", config_.detect_local.bridge_interface,
                       DetectLocalMode::bridge_interface);
        read_interface("detectLocal.interfaceNamePrefix",
                       config_.detect_local.interface_name_prefix,
                       DetectLocalMode::interface_name_prefix);
        if (config_.cluster_cidr.empty()) {
            return;
        }
        if (detect.mode != DetectLocalMode::cluster_cidr) {
            no_effect("clusterCIDR", detect.mode);
            return;
        }
        const Family family = config_.bind_address->family();
        if (!config_.bind_address->is_unspecified() &&
            std::ranges::find(config_.cluster_cidr, family, &Cidr::family) ==
                config_.cluster_cidr.end()) {
            warn("clusterCIDR", fmt::format("holds no {} network, the family of the bind address",
                                            to_string(family)));
        }
    }

    void read_backend() {
        const auto complain = [this](std::string_view path, std::string_view what) {
            wrong(path, what);
        };
        options().backend = {.ebpf = ebpf_settings(config_, complain),
                             .iptables = iptables_settings(config_),
                             .ipvs = ipvs_settings(config_, complain)};
    }

    void no_effect(std::string_view path, DetectLocalMode mode) {
        warn(path, fmt::format("has no effect in detect-local mode {}", to_string(mode)));
    }

    void read_interface(std::string_view path, const std::string& name, DetectLocalMode mode) {
        DetectLocal& detect = options().node.detect_local;
        if (detect.mode != mode) {
            if (!name.empty()) {
                no_effect(path, detect.mode);
            }
            return;
        }
        if (name.empty()) {
            wrong(path, fmt::format("is missing; detect-local mode {} needs it", to_string(mode)));
        } else if (!is_interface_name(name)) {
            wrong(path,
                  fmt::format("\"{}\" cannot be the name of an interface; at most {} characters "
                              "without blanks, \"/\" and \":\"",
                              name, kLongestInterfaceName));
        }
        detect.interface = name;
    }

    /// The pause of our own section, or that of the mode's.
    std::pair<std::string, Nanoseconds> period(const std::optional<Nanoseconds>& ours,
                                               std::string_view name, Nanoseconds iptables,
                                               Nanoseconds ipvs, Nanoseconds nftables) const {
        if (ours) {
            return {fmt::format("switchyard.{}", name), *ours};
        }
        const auto section = section_of(config_.mode);
        return {fmt::format("{}.{}", section, name), section == "iptables" ? iptables
                                                     : section == "ipvs"   ? ipvs
                                                                           : nftables};
    }

    void read_periods() {
        const auto& c = config_;
        const auto [sync_path, sync] =
            period(c.switchyard.sync_period, "syncPeriod", c.iptables.sync_period,
                   c.ipvs.sync_period, c.nftables.sync_period);
        const auto [min_path, min] =
            period(c.switchyard.min_sync_period, "minSyncPeriod", c.iptables.min_sync_period,
                   c.ipvs.min_sync_period, c.nftables.min_sync_period);
        if (sync <= Nanoseconds(0)) {
            wrong(sync_path, "must be longer than 0; give for example 30s");
        } else if (min > sync) {
            wrong(min_path, "must not be longer than the sync period");
        }
        options().sync_period = sync;
        options().min_sync_period = min;
        const auto& quarantine = c.switchyard.quarantine;
        if (quarantine.retry_first > quarantine.retry_limit) {
            wrong("switchyard.quarantine.retryFirst", "must not be longer than retryLimit");
        }
        options().quarantine = {.retry_first = quarantine.retry_first,
                                .retry_limit = quarantine.retry_limit};
    }

    void read_conntrack() {
        using std::chrono::ceil;
        using std::chrono::seconds;
        const ConntrackConfig& c = config_.conntrack;
        // Whole seconds; a shorter time than one second is one.
        options().kernel = {.max_per_core = static_cast<uint64_t>(*c.max_per_core),
                            .min = static_cast<uint64_t>(*c.min),
                            .tcp_established = ceil<seconds>(*c.tcp_established_timeout),
                            .tcp_close_wait = ceil<seconds>(*c.tcp_close_wait_timeout),
                            .udp = ceil<seconds>(c.udp_timeout),
                            .udp_stream = ceil<seconds>(c.udp_stream_timeout),
                            .tcp_be_liberal = c.tcp_be_liberal};
    }

    void read_serving() {
        const auto enabled = [](const std::optional<SocketAddress>& address) {
            return address && address->port != Port{} ? address : std::nullopt;
        };
        options().metrics_max_services =
            static_cast<std::size_t>(*config_.switchyard.metrics_max_services);
        options().serving = {.healthz = enabled(config_.healthz_bind_address),
                             .metrics = enabled(config_.metrics_bind_address),
                             .bind_hard_fail = config_.bind_address_hard_fail};
    }

    void read_log() {
        const auto check = [this](std::string_view path, const std::string& format) {
            if (!format.empty() && !is_log_format(format)) {
                wrong(path,
                      fmt::format("there is no format \"{}\"; give one of: text, json", format));
            }
        };
        check("logging.format", config_.logging.format);
        check("switchyard.logFormat", config_.switchyard.log_format);
        options().log = log_options(given_);
    }

    /// A flag that sets the fields of several modes is not told if one of them counts.
    void tell_inert() {
        const SetFields set = set_fields(given_, config_.mode);
        std::vector<std::string> useful;
        std::ranges::transform(set.in_force, std::back_inserter(useful), place_);
        for (const std::string& path : set.inert) {
            auto place = place_(path);
            if (std::ranges::find(useful, place) == useful.end() &&
                std::ranges::find(out_.inert, place) == out_.inert.end()) {
                out_.inert.push_back(std::move(place));
            }
        }
    }

    const ProxyConfig& given_;
    const ProxyConfig config_;
    const Surroundings& surroundings_;
    const Place& place_;
    Interpretation out_;
};

}  // namespace

Interpretation interpret(const ProxyConfig& given, const Surroundings& surroundings,
                         const Place& place) {
    return Interpreter(given, surroundings, place).interpret();
}

LogOptions log_options(const ProxyConfig& given) {
    // Above this kube-proxy's -v tells of single syncs.
    constexpr int64_t kDebugVerbosity = 4;
    const auto by_verbosity =
        given.logging.verbosity >= kDebugVerbosity ? LogLevel::debug : LogLevel::info;
    const auto& format =
        given.switchyard.log_format.empty() ? given.logging.format : given.switchyard.log_format;
    return {.level = given.switchyard.log_level.value_or(by_verbosity), .json = format == "json"};
}

}  // namespace sy
