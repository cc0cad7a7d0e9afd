// The maps of a loaded BPF object, written the way the daemon writes them, but by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/net.h"
#include "bpf/abi.h"

struct bpf_object;

namespace sy::bpf_test {

/// A destination that belongs to a Service.
struct Frontend {
    IpAddr address;
    Port port;
    Protocol protocol = Protocol::tcp;
    /// On every address of the node that serves NodePorts; of `address` only the family counts.
    bool node_port = false;
};

/// An address in the form of abi.h.
void copy_address(const IpAddr& ip, __u32 (&words)[4]);
IpAddr ip_of(const __u32 (&words)[4], Family family);
/// What is in a translated connection.
EndpointAddr endpoint_of(const sy_connection& connection, Family family);

/// Whatever fails ends the test program: the maps are as large as the tests need.
class Maps {
  public:
    /// `object` is loaded and outlives this.
    explicit Maps(bpf_object* object) : object_(object) {}

    void frontend(const Frontend& frontend, uint32_t id);
    void frontend_word(const Frontend& frontend, uint64_t word);
    void erase(const Frontend& frontend);
    void service(uint32_t id, uint64_t word);
    void slot(uint32_t position, uint64_t word);
    void endpoint(uint32_t index, const EndpointAddr& address);
    void free_endpoint(uint32_t index, Family family);
    /// The run of `id` from `base` on is these endpoints, whose indexes are base + 1, base + 2, …;
    /// then the service.
    void list(uint32_t id, uint32_t base, std::span<const EndpointAddr> endpoints,
              uint16_t flags = 0);
    void affinity(uint32_t id, uint32_t seconds, uint32_t group);
    void node_address(const IpAddr& address);
    void settings(const sy_settings& value);
    void skip_netns(uint64_t cookie);
    void skip_cgroup(uint64_t id);
    void observer(uint32_t place, int ring);

    void remember(const sy_client& client, const sy_choice& choice);
    std::optional<sy_choice> remembered(const sy_client& client) const;
    /// Sum over all CPUs.
    uint64_t statistic(sy_statistic which) const;
    sy_counters counters(uint32_t id) const;
    int fd(const char* name) const;

  private:
    bpf_object* object_;
};

/// From here on what libbpf says is kept instead of printed; loader_log() is all of it.
void keep_loader_log();
std::string& loader_log();

}  // namespace sy::bpf_test

namespace sy {
/// For failures' messages.
inline void PrintTo(const EndpointAddr& end, std::ostream* out) {
    *out << end.ip.to_string() << " port " << end.port.number();
}
}  // namespace sy
