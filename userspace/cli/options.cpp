#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "cli/duration.h"

namespace sy {
namespace {

constexpr std::size_t kLongestInterfaceName = 15;

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        parts.push_back(trim(text.substr(0, comma)));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

std::string joined(std::span<const std::string_view> names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

/// Reads the flags one after the other; the first mistake stays.
class Reader {
  public:
    Reader(const Flags& flags, const Surroundings& surroundings)
        : flags_(flags), surroundings_(surroundings) {}

    Result<Options> read() {
        read_sources();
        read_names();
        read_node();
        read_nodeports();
        read_detector();
        read_periods();
        read_conntrack();
        if (auto log = read_log_options(flags_)) {
            out_.log = *log;
        } else {
            wrong(log.error().on, log.error().what);
        }
        if (error_) {
            return std::unexpected(*error_);
        }
        return std::move(out_);
    }

  private:
    using Text = std::optional<std::string>;

    void wrong(std::string flag, std::string what) {
        if (!error_) {
            error_ = Error{.what = std::move(what), .on = std::move(flag), .code = 0};
        }
    }

    void read_sources() {
        if (flags_.manifests.empty()) {
            wrong("--manifests",
                  "is missing; give a file or folder of manifests, "
                  "for example --manifests /etc/switchyard/manifests");
        }
        out_.manifests = flags_.manifests;
    }

    void read_names() {
        const auto& modes = surroundings_.proxy_modes;
        out_.proxy_mode = flags_.proxy_mode.value_or(std::string(modes.front()));
        if (std::find(modes.begin(), modes.end(), out_.proxy_mode) == modes.end()) {
            wrong("--proxy-mode", fmt::format("there is no mode \"{}\"; give one of: {}",
                                              out_.proxy_mode, joined(modes)));
        }
        const std::string_view name =
            trim(flags_.hostname_override ? *flags_.hostname_override : surroundings_.hostname);
        if (name.empty()) {
            wrong("--hostname-override", "is blank; give the name of the Node object");
        }
        out_.node_name = name;
        std::transform(name.begin(), name.end(), out_.node_name.begin(), [](char c) {
            return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        });
    }

    void read_node() {
        out_.node.masquerade_all = flags_.masquerade_all;
        if (!flags_.bind_address) {
            return;
        }
        out_.node.bind_address = IpAddr::parse(trim(*flags_.bind_address));
        if (!out_.node.bind_address) {
            wrong("--bind-address", fmt::format("\"{}\" is not an IP address; give the node's own "
                                                "address, such as 192.0.2.10 or 2001:db8::10",
                                                *flags_.bind_address));
        }
    }

    void read_nodeports() {
        std::vector<std::string_view> entries;
        for (const std::string& value : flags_.nodeport_addresses) {
            const auto parts = split(value);
            entries.insert(entries.end(), parts.begin(), parts.end());
        }
        NodePortSelection& selection = out_.node.nodeports;
        const bool primary = std::find(entries.begin(), entries.end(), "primary") != entries.end();
        if (primary && entries.size() > 1) {
            wrong("--nodeport-addresses",
                  "\"primary\" cannot be mixed with networks; "
                  "give either it alone or networks");
            return;
        }
        // kube-proxy's modes differ here as well: only nftables is closed by default.
        selection.primary = primary || (entries.empty() && out_.proxy_mode == "nftables");
        if (selection.primary) {
            return;
        }
        for (const std::string_view entry : entries) {
            const auto cidr = Cidr::parse(entry);
            if (!cidr) {
                wrong("--nodeport-addresses",
                      fmt::format("\"{}\" is not a network; give \"primary\" or networks such as "
                                  "192.0.2.0/24,2001:db8::/64",
                                  entry));
                return;
            }
            if (cidr->first().is_loopback()) {
                out_.warnings.push_back(fmt::format(
                    "--nodeport-addresses: {} has no effect, loopback never serves NodePorts",
                    cidr->to_string()));
            }
            selection.cidrs.push_back(*cidr);
        }
    }

    void read_detector() {
        DetectLocal& detect = out_.node.detect_local;
        constexpr std::array kModes{DetectLocalMode::cluster_cidr, DetectLocalMode::node_cidr,
                                    DetectLocalMode::bridge_interface,
                                    DetectLocalMode::interface_name_prefix};
        if (flags_.detect_local_mode) {
            const auto mode = std::find_if(kModes.begin(), kModes.end(), [this](DetectLocalMode m) {
                return to_string(m) == *flags_.detect_local_mode;
            });
            if (mode == kModes.end()) {
                wrong("--detect-local-mode",
                      fmt::format("there is no mode \"{}\"; give one of: ClusterCIDR, NodeCIDR, "
                                  "BridgeInterface, InterfaceNamePrefix",
                                  *flags_.detect_local_mode));
                return;
            }
            detect.mode = *mode;
        }
        read_cluster_cidr(detect);
        read_interface("--pod-bridge-interface", flags_.pod_bridge_interface,
                       DetectLocalMode::bridge_interface);
        read_interface("--pod-interface-name-prefix", flags_.pod_interface_name_prefix,
                       DetectLocalMode::interface_name_prefix);
        if (flags_.cluster_cidr && detect.mode != DetectLocalMode::cluster_cidr) {
            no_effect("--cluster-cidr", detect.mode);
        }
    }

    void no_effect(std::string_view flag, DetectLocalMode mode) {
        out_.warnings.push_back(
            fmt::format("{}: has no effect with --detect-local-mode {}", flag, to_string(mode)));
    }

    void read_cluster_cidr(DetectLocal& detect) {
        constexpr std::string_view kMend =
            "give one CIDR or an IPv4,IPv6 pair such as 10.244.0.0/16,fd00:10:244::/56";
        const std::string_view text =
            flags_.cluster_cidr ? std::string_view(*flags_.cluster_cidr) : std::string_view();
        for (const std::string_view entry : split(text)) {
            const auto cidr = Cidr::parse(entry);
            if (!cidr) {
                wrong("--cluster-cidr", fmt::format("\"{}\" is not a network; {}", entry, kMend));
                return;
            }
            detect.cluster_cidrs.push_back(*cidr);
        }
        const auto& cidrs = detect.cluster_cidrs;
        if (cidrs.size() > 2 || (cidrs.size() == 2 && cidrs[0].family() == cidrs[1].family())) {
            wrong("--cluster-cidr", fmt::format("\"{}\" is more than one network of a family; {}",
                                                *flags_.cluster_cidr, kMend));
        }
    }

    void read_interface(std::string flag, const Text& text, DetectLocalMode mode) {
        DetectLocal& detect = out_.node.detect_local;
        if (detect.mode != mode) {
            if (text && !text->empty()) {
                no_effect(flag, detect.mode);
            }
            return;
        }
        if (!text || text->empty()) {
            wrong(std::move(flag),
                  fmt::format("is missing; --detect-local-mode {} needs it", to_string(mode)));
            return;
        }
        const bool legal = text->size() <= kLongestInterfaceName &&
                           std::none_of(text->begin(), text->end(), [](char c) {
                               return c == '/' || c == ':' || c <= ' ' || c == 0x7f;
                           });
        if (!legal) {
            wrong(std::move(flag),
                  fmt::format("\"{}\" cannot be the name of an interface; at most {} characters "
                              "without blanks, \"/\" and \":\"",
                              *text, kLongestInterfaceName));
            return;
        }
        detect.interface = *text;
    }

    void read_duration(std::string flag, const Text& text, std::chrono::nanoseconds& out) {
        if (!text) {
            return;
        }
        const auto duration = parse_duration(trim(*text));
        if (!duration) {
            wrong(std::move(flag), fmt::format("\"{}\" is not a duration; give one such as 500ms, "
                                               "30s or 1m30s",
                                               *text));
            return;
        }
        out = *duration;
    }

    void read_periods() {
        // Ours win over kube-proxy's names for the same thing.
        std::chrono::nanoseconds min = out_.min_sync_period;
        std::chrono::nanoseconds period = out_.sync_period;
        read_duration("--iptables-min-sync-period", flags_.iptables_min_sync_period, min);
        read_duration("--min-sync-period", flags_.min_sync_period, min);
        read_duration("--iptables-sync-period", flags_.iptables_sync_period, period);
        read_duration("--sync-period", flags_.sync_period, period);
        if (period.count() <= 0) {
            wrong("--sync-period", "must be longer than 0; give for example 30s");
        }
        if (min > period) {
            wrong("--min-sync-period", "must not be longer than --sync-period");
        }
        out_.min_sync_period = min;
        out_.sync_period = period;
    }

    void read_number(std::string flag, const Text& text, uint64_t& out) {
        constexpr uint64_t kLargest = 1ULL << 31;
        if (!text) {
            return;
        }
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
        if (error != std::errc{} || end != text->data() + text->size() || out > kLargest) {
            wrong(std::move(flag),
                  fmt::format("\"{}\" is not a number from 0 to {}", *text, kLargest));
        }
    }

    /// Whole seconds; a shorter time than one second is one.
    void read_timeout(std::string flag, const Text& text, std::chrono::seconds& out) {
        std::chrono::nanoseconds value = out;
        read_duration(std::move(flag), text, value);
        out = std::chrono::ceil<std::chrono::seconds>(value);
    }

    void read_conntrack() {
        KernelSettings& kernel = out_.kernel;
        read_number("--conntrack-max-per-core", flags_.conntrack_max_per_core, kernel.max_per_core);
        read_number("--conntrack-min", flags_.conntrack_min, kernel.min);
        read_timeout("--conntrack-tcp-timeout-established",
                     flags_.conntrack_tcp_timeout_established, kernel.tcp_established);
        read_timeout("--conntrack-tcp-timeout-close-wait", flags_.conntrack_tcp_timeout_close_wait,
                     kernel.tcp_close_wait);
        read_timeout("--conntrack-udp-timeout", flags_.conntrack_udp_timeout, kernel.udp);
        read_timeout("--conntrack-udp-timeout-stream", flags_.conntrack_udp_timeout_stream,
                     kernel.udp_stream);
        kernel.tcp_be_liberal = flags_.conntrack_tcp_be_liberal;
    }

    const Flags& flags_;
    const Surroundings& surroundings_;
    Options out_;
    std::optional<Error> error_;
};

}  // namespace

Result<Options> read_options(const Flags& flags, const Surroundings& surroundings) {
    return Reader(flags, surroundings).read();
}

Result<LogOptions> read_log_options(const Flags& flags) {
    constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels{
        {{"debug", LogLevel::debug},
         {"info", LogLevel::info},
         {"warning", LogLevel::warning},
         {"error", LogLevel::error}}};
    // Above this kube-proxy's -v tells of single syncs.
    constexpr int kDebugVerbosity = 4;
    LogOptions out;
    if (flags.verbosity) {
        const std::string& text = *flags.verbosity;
        int verbosity = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), verbosity);
        if (error != std::errc{} || end != text.data() + text.size() || verbosity < 0) {
            return fail(fmt::format("\"{}\" is not a number; give 0 to 10, {} and more is debug",
                                    text, kDebugVerbosity),
                        "-v");
        }
        out.level = verbosity >= kDebugVerbosity ? LogLevel::debug : LogLevel::info;
    }
    if (flags.log_level) {
        const auto level = std::find_if(kLevels.begin(), kLevels.end(),
                                        [&](const auto& l) { return l.first == *flags.log_level; });
        if (level == kLevels.end()) {
            return fail(fmt::format("there is no level \"{}\"; give one of: debug, info, warning, "
                                    "error",
                                    *flags.log_level),
                        "--log-level");
        }
        out.level = level->second;
    }
    if (flags.log_format) {
        if (*flags.log_format != "text" && *flags.log_format != "json") {
            return fail(
                fmt::format("there is no format \"{}\"; give text or json", *flags.log_format),
                "--log-format");
        }
        out.json = *flags.log_format == "json";
    }
    return out;
}

}  // namespace sy
