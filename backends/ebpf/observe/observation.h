// One connection that the socket hooks have decided on, as a value for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/net.h"

namespace sy::ebpf {

struct Observation {
    std::chrono::system_clock::time_point time;
    uint32_t pid = 0;
    uint32_t uid = 0;
    /// As the process calls itself, at most 15 bytes: anything but trustworthy.
    std::string process;
    uint64_t cgroup_id = 0;
    /// Below the mount of cgroup2: "/system.slice/x.service". Empty: not known (any more).
    std::string cgroup;
    /// Cookie of the network namespace.
    uint64_t netns = 0;
    Protocol protocol = Protocol::tcp;
    EndpointAddr vip;
    /// Of no meaning if refused.
    EndpointAddr endpoint;
    bool refused = false;
    /// False: a datagram of a socket that is not connected.
    bool connected = true;
    /// "namespace/service:port", or without the colon for a port without a name. Empty: not known.
    std::string service;

    friend bool operator==(const Observation&, const Observation&) = default;
};

}  // namespace sy::ebpf
