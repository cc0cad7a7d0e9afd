#include "backends/ipvs/kernel/host_settings.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace sy::ipvs {
namespace {

constexpr std::string_view kConntrackTcp = "net/netfilter/nf_conntrack_tcp_timeout_established";
constexpr std::string_view kArpIgnore = "net/ipv4/conf/all/arp_ignore";
constexpr std::string_view kArpAnnounce = "net/ipv4/conf/all/arp_announce";

/// All that any settings may ask for: what is looked for when old values are restored.
constexpr std::array<std::string_view, 7> kSysctls{"net/ipv4/vs/conntrack",
                                                   "net/ipv4/vs/expire_nodest_conn",
                                                   "net/ipv4/vs/expire_quiescent_template",
                                                   "net/ipv4/ip_forward",
                                                   "net/ipv6/conf/all/forwarding",
                                                   kArpIgnore,
                                                   kArpAnnounce};

struct TimeoutName {
    std::string_view name;
    uint32_t Timeouts::* value;
};
/// Names under which timeouts are kept; they are no sysctls.
constexpr std::array<TimeoutName, 3> kTimeouts{{{"timeout/tcp", &Timeouts::tcp},
                                                {"timeout/tcp_fin", &Timeouts::tcp_fin},
                                                {"timeout/udp", &Timeouts::udp}}};

}  // namespace

std::vector<WantedSysctl> wanted_sysctls(const IpvsSettings& settings) {
    std::vector<WantedSysctl> wanted{
        // Connections of IPVS are also conntrack's: who masquerades reads there where to.
        {.name = "net/ipv4/vs/conntrack", .value = 1},
        // Connections to an endpoint that is gone end instead of running into silence.
        {.name = "net/ipv4/vs/expire_nodest_conn", .value = 1},
        {.name = "net/ipv4/vs/expire_quiescent_template", .value = 1},
        {.name = "net/ipv4/ip_forward", .value = 1},
        {.name = "net/ipv6/conf/all/forwarding", .value = 1, .if_there = true},
    };
    if (settings.strict_arp) {
        wanted.push_back({.name = kArpIgnore, .value = 1});
        wanted.push_back({.name = kArpAnnounce, .value = 2});
    }
    return wanted;
}

Timeouts wanted_timeouts(const IpvsSettings& settings, const Timeouts& now,
                         uint64_t conntrack_tcp) {
    Timeouts wanted{.tcp = settings.tcp_timeout,
                    .tcp_fin = settings.tcp_fin_timeout,
                    .udp = settings.udp_timeout};
    if (wanted.tcp == 0 && conntrack_tcp > now.tcp) {
        // The kernel counts in ticks, in 31 bits; more than three weeks are of no use to anyone.
        constexpr uint64_t kLongest = 21UL * 24 * 3600;
        wanted.tcp = static_cast<uint32_t>(std::min(conntrack_tcp, kLongest));
    }
    return wanted;
}

Result<void> HostSettings::apply_sysctl(const WantedSysctl& wanted) const {
    const auto now = sysctl_.read(wanted.name);
    if (!now) {
        return wanted.if_there && now.error().code == ENOENT ? Result<void>()
                                                             : std::unexpected(now.error());
    }
    if (*now == wanted.value) {
        return {};
    }
    if (auto kept = saved_.keep(wanted.name, *now); !kept) {
        return kept;
    }
    return sysctl_.write(wanted.name, wanted.value);
}

Result<void> HostSettings::apply_timeouts(const IpvsSettings& settings, Servers& servers) const {
    const auto now = servers.timeouts();
    if (!now) {
        return std::unexpected(now.error());
    }
    Timeouts wanted = wanted_timeouts(settings, *now, sysctl_.read(kConntrackTcp).value_or(0));
    for (const auto& [name, value] : kTimeouts) {
        if (wanted.*value != 0 && wanted.*value != *now.*value) {
            if (auto kept = saved_.keep(name, *now.*value); !kept) {
                return kept;
            }
        } else {
            wanted.*value = 0;
        }
    }
    return wanted == Timeouts{} ? Result<void>() : servers.set_timeouts(wanted);
}

Result<void> HostSettings::apply(const IpvsSettings& settings, Servers& servers) const {
    const auto wanted = wanted_sysctls(settings);
    for (const std::string_view name : kSysctls) {
        const bool still =
            std::ranges::any_of(wanted, [&](const WantedSysctl& w) { return w.name == name; });
        if (!still) {
            if (auto done = restore_sysctl(name); !done) {
                return done;
            }
        }
    }
    for (const WantedSysctl& one : wanted) {
        if (auto done = apply_sysctl(one); !done) {
            return done;
        }
    }
    return apply_timeouts(settings, servers);
}

Result<void> HostSettings::restore_sysctl(std::string_view name) const {
    const auto before = saved_.find(name);
    if (!before || !*before) {
        return before ? Result<void>() : std::unexpected(before.error());
    }
    const auto done = sysctl_.write(name, **before);
    // With the module its settings went, and with them what we had changed.
    if (!done && done.error().code != ENOENT) {
        return done;
    }
    saved_.forget(name);
    return {};
}

Result<void> HostSettings::restore_timeouts(Servers* servers) const {
    Timeouts before;
    for (const auto& [name, value] : kTimeouts) {
        const auto kept = saved_.find(name);
        if (!kept) {
            return std::unexpected(kept.error());
        }
        before.*value = static_cast<uint32_t>(kept->value_or(0));
    }
    if (servers != nullptr && before != Timeouts{}) {
        if (auto done = servers->set_timeouts(before); !done) {
            return done;
        }
    }
    for (const auto& [name, value] : kTimeouts) {
        saved_.forget(name);
    }
    return {};
}

Result<void> HostSettings::restore(Servers* servers) const {
    for (const std::string_view name : kSysctls) {
        if (auto done = restore_sysctl(name); !done) {
            return done;
        }
    }
    return restore_timeouts(servers);
}

}  // namespace sy::ipvs
