// What the user may tell backends. Every backend is given all of it and takes what is its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"

namespace sy {

struct EbpfSettings {
    /// Folder of the cgroup2 hierarchy whose sockets are translated; empty: where cgroup2 is
    /// mounted.
    std::string cgroup_root;
    /// Folder in a bpffs for pins. Two daemons on one machine need two.
    std::string bpf_root = "/sys/fs/bpf/switchyard";
    /// How far maps may grow, in elements. Services: lists of endpoints (ids); endpoints: distinct
    /// addresses with port, and places in lists, per family.
    uint32_t max_frontends = 1U << 20;
    uint32_t max_services = 1U << 19;
    uint32_t max_endpoints = 1U << 21;
    /// Clients whose endpoint is remembered (session affinity); the longest unseen goes first.
    uint32_t affinity_clients = 1U << 16;
    /// getpeername on TCP sockets shows the VIP, at a little memory per connection.
    bool show_vip = true;
    /// Cgroups (paths below the mount of cgroup2, with what is below them) and network namespaces
    /// (files) whose sockets keep to the packet path.
    std::vector<std::string> skip_cgroups;
    std::vector<std::string> skip_netns;

    friend bool operator==(const EbpfSettings&, const EbpfSettings&) = default;
};

/// Which of the two kernel interfaces the iptables programs speak.
enum class IptablesVariant : uint8_t {
    /// The one this host's other programs use.
    detect,
    legacy,
    nft,
};

struct IptablesSettings {
    IptablesVariant variant = IptablesVariant::detect;
    /// Bit of the packet mark that says "masquerade"; kube-proxy's default.
    uint32_t masquerade_bit = 14;
    /// NodePorts answer on 127.0.0.1 as well (IPv4; takes the sysctl route_localnet).
    bool localhost_nodeports = true;

    friend bool operator==(const IptablesSettings&, const IptablesSettings&) = default;
};

struct IpvsSettings {
    /// The kernel's name of it (rr, wrr, lc, wlc, sed, nq, sh, dh, mh, …).
    std::string scheduler = "rr";
    /// ARP is answered only for addresses of the interface it came in by (arp_ignore,
    /// arp_announce).
    bool strict_arp = false;
    /// Seconds without a packet after which the kernel forgets a connection; 0: as the kernel has
    /// it.
    uint32_t tcp_timeout = 0;
    uint32_t tcp_fin_timeout = 0;
    uint32_t udp_timeout = 0;
    /// Virtual servers at these addresses are somebody else's.
    std::vector<Cidr> exclude_cidrs;

    friend bool operator==(const IpvsSettings&, const IpvsSettings&) = default;
};

struct BackendSettings {
    EbpfSettings ebpf;
    IptablesSettings iptables;
    IpvsSettings ipvs;

    friend bool operator==(const BackendSettings&, const BackendSettings&) = default;
};

}  // namespace sy
