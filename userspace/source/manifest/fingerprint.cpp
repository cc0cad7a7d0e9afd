#include "source/manifest/fingerprint.h"

#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace sy {
namespace {

// Feeds one field after the other into a running 64-bit state.
class Mixer {
  public:
    template <std::integral Number>
    void add(Number value) {
        state_ = (state_ ^ static_cast<uint64_t>(value)) * 0x9e3779b97f4a7c15ULL;
        state_ ^= state_ >> 29U;
        state_ *= 0xbf58476d1ce4e5b9ULL;
        state_ ^= state_ >> 32U;
    }
    void add(Port port) { add(uint64_t{port.number()}); }
    void add(std::string_view text) {
        add(uint64_t{text.size()});
        add(uint64_t{std::hash<std::string_view>{}(text)});
    }
    void add(const std::string& text) { add(std::string_view(text)); }
    void add(const IpAddr& ip) {
        add(ip.family());
        add(uint64_t{std::hash<IpAddr>{}(ip)});
    }
    void add(const Cidr& network) {
        add(network.first());
        add(uint64_t{network.prefix()});
    }
    void add(const std::pair<Family, IpAddr>& pair) {
        add(pair.first);
        add(pair.second);
    }
    void add(const ServicePort& port) {
        add(port.name);
        add(port.protocol);
        add(port.port);
        add(port.node_port);
    }
    void add(const SlicePort& port) {
        add(port.name);
        add(port.protocol);
        add(port.port);
    }
    void add(const Endpoint& endpoint) {
        add(endpoint.address);
        add(uint64_t{(endpoint.ready ? 1U : 0U) | (endpoint.serving ? 2U : 0U) |
                     (endpoint.terminating ? 4U : 0U)});
        add(endpoint.node);
        add(endpoint.zone_hints);
        add(endpoint.node_hints);
    }
    template <class Enum>
        requires std::is_enum_v<Enum>
    void add(Enum value) {
        add(static_cast<uint64_t>(value));
    }
    template <class T>
    void add(const std::vector<T>& list) {
        add(uint64_t{list.size()});
        for (const auto& item : list) {
            add(item);
        }
    }
    template <class T>
    void add(const std::optional<T>& maybe) {
        add(maybe.has_value());
        if (maybe) {
            add(*maybe);
        }
    }

    void operator()(const Service& s) {
        add(s.type);
        add(s.other_proxy);
        add(s.headless);
        add(s.internal_policy);
        add(s.external_policy);
        add(s.health_check_node_port);
        add(s.affinity_timeout);
        add(s.cluster_ip);
        add(s.family_ips);
        add(s.external_ips);
        add(s.load_balancer_ips);
        add(s.source_ranges);
        add(s.source_ranges_set);
        add(s.ports);
    }
    // Without the trigger time, which is no part of what a slice says.
    void operator()(const EndpointSlice& s) {
        add(s.service);
        add(s.family);
        add(s.headless);
        add(s.ports);
        add(s.endpoints);
    }
    void operator()(const Node& n) {
        add(n.zone);
        add(n.addresses);
        add(n.pod_cidrs);
        add(n.deleting);
        add(n.autoscaler_taint);
    }
    void operator()(const ServiceCidr& c) { add(c.cidrs); }

    uint64_t result() const { return state_ == 0 ? 1 : state_; }

  private:
    uint64_t state_ = 0x243f6a8885a308d3ULL;
};

}  // namespace

// The name is left out: fingerprints are compared per object.
uint64_t fingerprint(const Object& object) {
    Mixer mixer;
    std::visit([&](const auto& value) { mixer(value); }, object);
    return mixer.result();
}

}  // namespace sy
