// Counts what this program asks of the kernel. The functions of the C library that ask are replaced
// in this executable, also for the libraries it is linked with: nothing has to be told apart.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sy::bench {

/// Exact and the same on every run: times are not.
struct Counts {
    /// Netlink: calls, messages in them, and bytes.
    uint64_t sends = 0;
    uint64_t messages = 0;
    uint64_t message_bytes = 0;
    /// Entries of BPF maps written or deleted, and calls that did so.
    uint64_t map_writes = 0;
    uint64_t map_calls = 0;
    /// Programs started, and bytes written into pipes and sockets to them.
    uint64_t programs = 0;
    uint64_t piped_bytes = 0;

    Counts operator-(const Counts& before) const;
    /// By name, without those that are 0.
    std::map<std::string, uint64_t> named() const;
};

/// So far, of all threads.
Counts counted();

}  // namespace sy::bench
