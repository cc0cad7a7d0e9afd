#include "config/netfilter_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace sy {
namespace {

using std::chrono::seconds;

/// The kernel's.
constexpr std::array<std::string_view, 14> kSchedulers{
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq", "mh", "fo", "ovf", "twos"};

// The kernel counts in ticks, up to a thousand a second, that have to fit an int.
constexpr seconds kLongestTimeout(std::numeric_limits<int32_t>::max() / 1000);

class Timeouts {
  public:
    explicit Timeouts(
        const std::function<void(std::string_view path, std::string_view what)>& complain)
        : complain_(complain) {}

    /// Whole seconds; a shorter time than one second is one.
    uint32_t read(std::string_view path, Nanoseconds given) const {
        const auto timeout = std::chrono::ceil<seconds>(given);
        if (timeout < seconds(0) || timeout > kLongestTimeout) {
            complain_(path, "is a timeout that the kernel cannot keep; give one from 0s to 596h");
            return 0;
        }
        return static_cast<uint32_t>(timeout.count());
    }

  private:
    const std::function<void(std::string_view path, std::string_view what)>& complain_;
};

}  // namespace

bool serves_localhost(const ProxyConfig& config) {
    if (config.mode != "iptables" || !config.iptables.localhost_node_ports.value_or(true)) {
        return false;
    }
    if (!config.node_port_addresses) {
        return true;
    }
    const NodePortSelection& nodeports = *config.node_port_addresses;
    const auto is_ipv4 = [](const Cidr& cidr) { return cidr.family() == Family::ipv4; };
    return !nodeports.primary && (std::ranges::none_of(nodeports.cidrs, is_ipv4) ||
                                  std::ranges::any_of(nodeports.cidrs, [&](const Cidr& cidr) {
                                      return is_ipv4(cidr) &&
                                             (cidr.prefix() == 0 || cidr.first().is_loopback());
                                  }));
}

IptablesSettings iptables_settings(const ProxyConfig& config) {
    IptablesSettings out;
    if (config.mode == "iptables") {
        out.variant = *config.switchyard.iptables_variant;
        out.masquerade_bit = static_cast<uint32_t>(*config.iptables.masquerade_bit);
        out.localhost_nodeports = serves_localhost(config);
    }
    return out;
}

IpvsSettings ipvs_settings(
    const ProxyConfig& config,
    const std::function<void(std::string_view path, std::string_view what)>& complain) {
    const IpvsConfig& given = config.ipvs;
    if (!given.scheduler.empty() &&
        std::ranges::find(kSchedulers, given.scheduler) == kSchedulers.end()) {
        complain("ipvs.scheduler", fmt::format("there is no scheduler \"{}\"; give one of: {}",
                                               given.scheduler, fmt::join(kSchedulers, ", ")));
    }
    IpvsSettings out;
    if (config.mode != "ipvs") {
        return out;
    }
    if (!given.scheduler.empty()) {
        out.scheduler = given.scheduler;
    }
    const Timeouts timeouts(complain);
    out.strict_arp = given.strict_arp;
    out.tcp_timeout = timeouts.read("ipvs.tcpTimeout", given.tcp_timeout);
    out.tcp_fin_timeout = timeouts.read("ipvs.tcpFinTimeout", given.tcp_fin_timeout);
    out.udp_timeout = timeouts.read("ipvs.udpTimeout", given.udp_timeout);
    out.exclude_cidrs = given.exclude_cidrs;
    return out;
}

}  // namespace sy
