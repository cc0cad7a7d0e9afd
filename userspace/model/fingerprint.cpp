#include "model/fingerprint.h"

#include <string_view>

namespace sy {
namespace {

/// Feeds values into a 64-bit state; every step is invertible in the state, so no value is
/// swallowed.
class Mixer {
  public:
    void add(uint64_t value) {
        state_ ^= value + 0x9e3779b97f4a7c15ULL;
        state_ *= 0xbf58476d1ce4e5b9ULL;
        state_ ^= state_ >> 29;
        state_ *= 0x94d049bb133111ebULL;
        state_ ^= state_ >> 32;
    }
    template <class Enum>
    void add_enum(Enum value) {
        add(static_cast<uint64_t>(value));
    }
    void add(std::string_view text) {
        add(text.size());
        add_bytes(text.begin(), text.end());
    }
    void add(const IpAddr& ip) {
        add_enum(ip.family());
        add_bytes(ip.bytes().begin(), ip.bytes().end());
    }
    void add(const EndpointAddr& address) {
        add(address.ip);
        add(address.port.number());
    }
    uint64_t result() const { return state_ == 0 ? 1 : state_; }

  private:
    template <class Iterator>
    void add_bytes(Iterator byte, Iterator end) {
        uint64_t word = 0;
        unsigned filled = 0;
        for (; byte != end; ++byte) {
            word = word << 8 | static_cast<uint8_t>(*byte);
            if (++filled == sizeof word) {
                add(word);
                word = 0;
                filled = 0;
            }
        }
        if (filled > 0) {
            add(word);
        }
    }

    uint64_t state_ = 0;
};

void add(Mixer& mix, const Frontend& frontend) {
    mix.add_enum(frontend.kind);
    mix.add(frontend.address);
    mix.add(frontend.port.number());
    for (const auto& route : {frontend.inside, frontend.outside}) {
        mix.add_enum(route.list);
        mix.add_enum(route.on_empty);
    }
    mix.add_enum(frontend.masquerade);
    mix.add(frontend.check_ranges ? 1U : 0U);
}

void add(Mixer& mix, const std::vector<PlannedEndpoint>& list) {
    mix.add(list.size());
    for (const auto& endpoint : list) {
        mix.add(endpoint.address);
        mix.add(endpoint.is_local ? 1U : 0U);
    }
}

void add(Mixer& mix, const PortPlan& port) {
    mix.add_enum(port.family);
    mix.add_enum(port.protocol);
    mix.add(port.name);
    mix.add(port.frontends.size());
    for (const auto& frontend : port.frontends) {
        add(mix, frontend);
    }
    add(mix, port.cluster);
    add(mix, port.local);
    mix.add(port.source_ranges.size());
    for (const auto& range : port.source_ranges) {
        mix.add(range.first());
        mix.add(range.prefix());
    }
    mix.add(port.affinity_timeout ? *port.affinity_timeout + 1ULL : 0ULL);
    mix.add(port.serving.size());
    for (const auto& address : port.serving) {
        mix.add(address);
    }
    mix.add(port.no_local_internal ? 1U : 0U);
    mix.add(port.no_local_external ? 1U : 0U);
}

void add(Mixer& mix, const LostFrontend& lost) {
    mix.add_enum(lost.family);
    mix.add_enum(lost.protocol);
    mix.add_enum(lost.kind);
    mix.add(lost.address);
    mix.add(lost.port.number());
    mix.add(lost.holder.ns);
    mix.add(lost.holder.name);
}

}  // namespace

bool needs_nothing(const ServicePlan& plan) {
    return plan.ports.empty() && !plan.health_check && plan.lost.empty();
}

uint64_t fingerprint(const ServicePlan& plan) {
    if (needs_nothing(plan)) {
        return 0;
    }
    Mixer mix;
    mix.add(plan.ports.size());
    for (const auto& port : plan.ports) {
        add(mix, port);
    }
    if (plan.health_check) {
        mix.add(plan.health_check->node_port.number());
        mix.add(plan.health_check->local_ready_ipv4);
        mix.add(plan.health_check->local_ready_ipv6);
    }
    mix.add(plan.lost.size());
    for (const auto& lost : plan.lost) {
        add(mix, lost);
    }
    return mix.result();
}

}  // namespace sy
