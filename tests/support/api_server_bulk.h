// Very many objects that look like those of a real cluster, written on the fly.
#pragma once

#include <cstdint>
#include <string>

namespace sy::lab {

/// Services and their EndpointSlices: one slice each, IPv4, TCP port 80 to 8080.
struct BulkSpec {
    uint32_t services = 1000;
    uint32_t endpoints = 3;
    /// ClusterIPs are counted up from here, pods from there (host byte order).
    uint32_t first_cluster_ip = (10U << 24) | (96U << 16) | 1;
    uint32_t first_pod_ip = (10U << 24) | (128U << 16) | 1;
    /// Every tenth endpoint is there.
    std::string node = "node";
};

/// "bulk-7", in this namespace.
std::string bulk_name(uint32_t index);
inline constexpr const char* kBulkNamespace = "bulk";
/// The name of its slice.
std::string bulk_slice_name(uint32_t index);

/// The object without kind and apiVersion, "{"metadata":…}", as it stands in a list.
void append_bulk_service(std::string& out, const BulkSpec& spec, uint32_t index, uint64_t version);
/// Generations differ in the address of the last endpoint. 0 is that of the beginning.
void append_bulk_slice(std::string& out, const BulkSpec& spec, uint32_t index, uint32_t generation,
                       uint64_t version);

}  // namespace sy::lab
