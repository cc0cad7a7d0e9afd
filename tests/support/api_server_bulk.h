// Very many objects that look like those of a real cluster, written on the fly.
#pragma once

#include <cstdint>
#include <string>

namespace sy::lab {

/// What the Services of a cluster are like.
enum class BulkShape : uint8_t {
    /// Each has as many endpoints as the others.
    uniform,
    /// One in a hundred has 30 times as many, one in ten 5 times; the others have one.
    skewed,
    /// The first one has a thousand.
    huge,
    /// Each has an address and a slice in IPv6 too.
    dual_stack,
    /// The first 2,768 have a NodePort, which is as many as there are.
    node_ports,
};

/// Services and their EndpointSlices: one slice each and family, TCP port 80 to 8080.
struct BulkSpec {
    uint32_t services = 1000;
    uint32_t endpoints = 3;
    /// ClusterIPs are counted up from here, pods from there (host byte order).
    uint32_t first_cluster_ip = (10U << 24) | (96U << 16) | 1;
    uint32_t first_pod_ip = (10U << 24) | (128U << 16) | 1;
    /// Every tenth endpoint is there.
    std::string node = "node";
    BulkShape shape = BulkShape::uniform;

    friend bool operator==(const BulkSpec&, const BulkSpec&) = default;
};

/// How many endpoints it has.
uint32_t bulk_endpoints(const BulkSpec& spec, uint32_t index);
/// Its IPv4 endpoint of that number (host byte order), as long as none has moved.
uint32_t bulk_pod_ip(const BulkSpec& spec, uint32_t index, uint32_t number);

/// "bulk-7", in this namespace.
std::string bulk_name(uint32_t index);
inline constexpr const char* kBulkNamespace = "bulk";
/// The name of its slice of a family.
std::string bulk_slice_name(uint32_t index, bool ipv6 = false);

/// The object without kind and apiVersion, "{"metadata":…}", as it stands in a list.
void append_bulk_service(std::string& out, const BulkSpec& spec, uint32_t index, uint64_t version);
/// Which slice of a Service, and in which state. Generations differ in the address of the last
/// endpoint; 0 is that of the beginning.
struct BulkSlice {
    uint32_t index = 0;
    uint32_t generation = 0;
    bool ipv6 = false;
};
void append_bulk_slice(std::string& out, const BulkSpec& spec, const BulkSlice& slice,
                       uint64_t version);

}  // namespace sy::lab
