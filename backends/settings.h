// What the user may tell backends. Every backend is given all of it and takes what is its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

struct BackendSettings {
    EbpfSettings ebpf;

    friend bool operator==(const BackendSettings&, const BackendSettings&) = default;
};

}  // namespace sy
