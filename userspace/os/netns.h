// Network namespaces of others.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace sy {

/// What BPF programs call the network namespace of the calling thread: unique until the next boot
/// (SO_NETNS_COOKIE, Linux 5.14).
Result<uint64_t> netns_cookie();

/// Runs `work` in the namespace, on a thread of its own, and waits for it. Sockets made there stay
/// in that namespace. Needs CAP_SYS_ADMIN.
Result<void> in_netns(int ns, const std::function<void()>& work);

/// The cookie of the namespace that a file stands for (/run/netns/NAME, /proc/PID/ns/net).
Result<uint64_t> netns_cookie_of(const std::string& file);

/// Where namespaces can be found: by processes, and by bind mounts of those without a process.
struct NetnsPlaces {
    std::string processes = "/proc";
    std::vector<std::string> mounts{"/run/netns"};
};

/// Descriptors of the namespaces with these inode numbers, as far as they are found.
std::map<uint32_t, Fd> find_netns(const std::set<uint32_t>& inodes, const NetnsPlaces& places = {});

}  // namespace sy
