// From a plan to objects. Pure.
#pragma once

#include "backends/iptables/object.h"
#include "model/plan.h"

namespace sy::iptables {

/// What the host lacks.
struct CompileOptions {
    /// Hairpin traffic is recognised by a set (no match `bpf`).
    bool hairpin_sets = false;
    /// IPv6 does not work here: its ports are left out.
    bool without_ipv6 = false;
};

/// Up to so many endpoints of a list that one line leads to are rules of that line.
inline constexpr std::size_t kInlineEndpoints = 4;

Fragment compile(const ServicePlan& plan, const CompileOptions& options);

/// Members of a network: two halves if it is everything, which the kernel does not take.
void add_network(std::vector<Object>& objects, Member member, const Cidr& network);

}  // namespace sy::iptables
