// Agent: what holds for the whole node.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/agent_impl.h"

namespace sy {
namespace {

std::optional<IpAddr> of_family(const std::optional<IpAddr>& ip, Family family) {
    return ip && ip->family() == family && !ip->is_unspecified() ? ip : std::nullopt;
}

}  // namespace

void Agent::Impl::set_node_ips() {
    const auto& bind = options_.node.bind_address;
    state_.set_node_ips(of_family(bind, Family::ipv4), of_family(bind, Family::ipv6));
}

void Agent::Impl::refresh_facts() {
    if (!facts_outdated_ && facts_) {
        return;
    }
    facts_outdated_ = false;
    auto computed = node_facts(options_.node, addresses_, state_.node(), state_.service_cidrs());
    report_facts(computed);
    if (!facts_ || *facts_ != computed.facts) {
        facts_ = std::make_shared<const NodeFacts>(std::move(computed.facts));
    }
}

void Agent::Impl::report_facts(const ComputedFacts& computed) {
    for (const Family family : computed.unknown_primary) {
        if (std::find(warned_primary_.begin(), warned_primary_.end(), family) ==
            warned_primary_.end()) {
            parts_.log.warning(fmt::format(
                "no {} NodePorts: --nodeport-addresses is \"primary\" and no {} address of node "
                "{} is known; give its Node object, --bind-address, or networks in "
                "--nodeport-addresses",
                to_string(family), to_string(family), options_.node_name));
        }
    }
    warned_primary_ = computed.unknown_primary;
    if (computed.missing_pod_cidrs && !warned_pod_cidrs_) {
        parts_.log.warning(fmt::format(
            "pods of this node are not recognised yet: --detect-local-mode is NodeCIDR and no "
            "podCIDRs of node {} are known",
            options_.node_name));
    }
    warned_pod_cidrs_ = computed.missing_pod_cidrs;
}

}  // namespace sy
