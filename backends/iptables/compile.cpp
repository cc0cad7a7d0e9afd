#include "backends/iptables/compile.h"

#include <algorithm>
#include <array>

namespace sy::iptables {
namespace {

/// A frontend that leads to a list.
struct Lead {
    LineKey key;
    ListId list = ListId::cluster;
};

/// The two networks that together are everything.
std::array<Cidr, 2> halves(Family family) {
    const auto zero = unspecified(family);
    std::array<uint8_t, 16> bytes{0x80};
    const auto upper = *IpAddr::from_bytes(std::span(bytes).first(zero.bytes().size()));
    return {*Cidr::make(zero, 1), *Cidr::make(upper, 1)};
}

class PortCompiler {
  public:
    PortCompiler(const ServiceName& service, const PortPlan& port, const CompileOptions& options,
                 Fragment& fragment)
        : port_(port),
          id_(port_id(service, port.name, port.protocol)),
          options_(options),
          fragment_(fragment) {}

    void run() {
        for (const auto& frontend : port_.frontends) {
            lead(frontend);
            describe(frontend);
        }
        for (const auto list : {ListId::cluster, ListId::local}) {
            serve(list);
        }
    }

  private:
    Member member(Role role, const IpAddr& ip, Port port) const {
        return {.set = {port_.family, role, 0}, .ip = ip, .protocol = port_.protocol, .port = port};
    }
    void own(const Member& member) { fragment_.own.emplace_back(member); }
    void share(const Member& member) { fragment_.shared.emplace_back(member); }

    /// In which trees the frontend is, and where they lead.
    void lead(const Frontend& frontend) {
        const bool by_port = frontend.kind == FrontendKind::node_port;
        const auto add = [&](TreeId tree, ListId list) {
            if (!port_.list(list).empty()) {
                const auto address = by_port ? unspecified(port_.family) : frontend.address;
                leads_.push_back(
                    {{port_.family, tree, address, port_.protocol, frontend.port}, list});
            }
        };
        add(by_port ? TreeId::port : TreeId::address, frontend.inside.list);
        if (frontend.outside.list != frontend.inside.list) {
            add(by_port ? TreeId::port_local : TreeId::address_local, frontend.outside.list);
        }
    }

    /// What sets say of the frontend.
    void describe(const Frontend& frontend) {
        const auto& outside = frontend.outside;
        const bool empty = port_.list(outside.list).empty();
        if (frontend.kind == FrontendKind::cluster_ip) {
            share({.set = {port_.family, Role::cluster_ip, 0}, .ip = frontend.address});
            if (empty && outside.on_empty == OnEmpty::drop) {
                own(member(Role::drop, frontend.address, frontend.port));
            }
            return;
        }
        // Whom outsiders reach is a matter of its own as long as there is anything to reach.
        const bool is_local = frontend.masquerade == Masquerade::node_only &&
                              (!empty || outside.on_empty == OnEmpty::drop);
        if (frontend.kind == FrontendKind::node_port) {
            for (const auto& half : halves(port_.family)) {
                auto node_port = member(Role::node_port, half.first(), frontend.port);
                node_port.prefix = static_cast<uint8_t>(half.prefix());
                own(node_port);
                if (is_local) {
                    node_port.set.role = Role::node_port_local;
                    own(node_port);
                }
            }
            return;
        }
        own(member(Role::vip, frontend.address, frontend.port));
        if (is_local) {
            own(member(Role::local, frontend.address, frontend.port));
        }
        if (frontend.check_ranges) {
            own(member(Role::ranged, frontend.address, frontend.port));
            for (const auto& range : port_.source_ranges) {
                add_network(fragment_.own, member(Role::range, frontend.address, frontend.port),
                            range);
            }
        }
    }

    /// The lines that lead to a list, and the list.
    void serve(ListId list) {
        const auto lines = std::ranges::count(leads_, list, &Lead::list);
        if (lines == 0) {
            return;
        }
        std::vector<EndpointAddr> endpoints;
        for (const auto& endpoint : port_.list(list)) {
            endpoints.push_back(endpoint.address);
            remember(endpoint);
        }
        const bool direct =
            lines == 1 && !port_.affinity_timeout && endpoints.size() <= kInlineEndpoints;
        for (const auto& [key, to] : leads_) {
            if (to == list) {
                fragment_.own.emplace_back(
                    TreeLine{key, direct ? Target(ToEndpoints{endpoints}) : ToList{list, id_}});
            }
        }
        if (!direct) {
            fragment_.own.emplace_back(
                ListChain{port_.family, list, id_,
                          EndpointList{port_.protocol, port_.affinity_timeout.value_or(0),
                                       std::move(endpoints)}});
        }
    }

    /// What sets say of an endpoint.
    void remember(const PlannedEndpoint& endpoint) {
        const auto& [ip, number] = endpoint.address;
        share(member(Role::endpoint, ip, number));
        if (options_.hairpin_sets && endpoint.is_local) {
            auto hairpin = member(Role::hairpin, ip, number);
            hairpin.second = ip;
            share(hairpin);
        }
        if (port_.affinity_timeout) {
            const auto timeout = *port_.affinity_timeout;
            fragment_.own.emplace_back(
                SetDef{{port_.family, Role::affinity, affinity_key(id_, endpoint.address, timeout)},
                       timeout});
        }
    }

    const PortPlan& port_;
    PortId id_;
    const CompileOptions& options_;
    Fragment& fragment_;
    std::vector<Lead> leads_;
};

void sort_unique(std::vector<Object>& objects) {
    std::ranges::sort(objects);
    const auto rest = std::ranges::unique(objects);
    objects.erase(rest.begin(), rest.end());
}

}  // namespace

void add_network(std::vector<Object>& objects, Member member, const Cidr& network) {
    const bool is_second = type_of(member.set.role) == SetType::ip_port_net;
    const auto add = [&](const Cidr& part) {
        (is_second ? member.second : member.ip) = part.first();
        (is_second ? member.second_prefix : member.prefix) = static_cast<uint8_t>(part.prefix());
        objects.emplace_back(member);
    };
    if (network.prefix() == 0) {
        std::ranges::for_each(halves(network.family()), add);
    } else {
        add(network);
    }
}

Fragment compile(const ServicePlan& plan, const CompileOptions& options) {
    Fragment fragment;
    for (const auto& port : plan.ports) {
        if (port.family == Family::ipv6 && options.without_ipv6) {
            continue;
        }
        PortCompiler(plan.name, port, options, fragment).run();
    }
    sort_unique(fragment.own);
    sort_unique(fragment.shared);
    return fragment;
}

}  // namespace sy::iptables
