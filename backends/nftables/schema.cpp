#include "backends/nftables/schema.h"

#include <algorithm>
#include <array>

namespace sy::nft {
namespace {

using enum Load;

// The modulus is part of nft's type syntax and means nothing there.
constexpr Term kSlot{random, 2};

std::array<SetSchema, kSetCount> make_schemas() {
    const Key port_key{{l4proto}, {dport}};
    const Key endpoint{{daddr}, {dport}};
    return {
        SetSchema{.id = SetId::pod_cidrs,
                  .name = "pod_cidrs",
                  .comment = "networks of this node's pods (detector of local traffic)",
                  .key = {{saddr}},
                  .interval = true,
                  .by_type = true},
        SetSchema{.id = SetId::service_cidrs,
                  .name = "service_cidrs",
                  .comment = "every ServiceCIDR",
                  .key = {{daddr}},
                  .interval = true,
                  .by_type = true},
        SetSchema{.id = SetId::nodeport_ips,
                  .name = "nodeport_ips",
                  .comment = "addresses that serve NodePorts",
                  .key = {{daddr}},
                  .by_type = true,
                  .size = 1024},
        SetSchema{.id = SetId::cluster_ips,
                  .name = "cluster_ips",
                  .comment = "every active ClusterIP",
                  .key = {{daddr}},
                  .by_type = true},
        SetSchema{.id = SetId::frontends,
                  .name = "frontends",
                  .comment = "VIP frontend -> word = L(31) R(30) M(29) id(28..10) class(9..0)",
                  .key = {{daddr}, {l4proto}, {dport}},
                  .data = {{priority}}},
        SetSchema{.id = SetId::nodeports,
                  .name = "nodeports",
                  .comment = "NodePort -> word",
                  .key = port_key,
                  .data = {{priority}}},
        SetSchema{.id = SetId::ranges,
                  .name = "ranges",
                  .comment = "id . allowed source range, for frontends with R",
                  .key = {{priority}, {saddr}},
                  .interval = true,
                  .by_type = true},
        SetSchema{.id = SetId::endpoints,
                  .name = "endpoints",
                  .comment = "list . slot -> endpoint; list = word without class",
                  .key = {{priority}, kSlot},
                  .data = endpoint,
                  .size = 262144},
        SetSchema{.id = SetId::affinity,
                  .name = "affinity",
                  .comment = "list . client -> list|index; filled by the packet path only",
                  .key = {{priority}, {saddr}},
                  .data = {{priority}},
                  .dynamic = true},
        SetSchema{.id = SetId::aff_slots,
                  .name = "aff_slots",
                  .comment = "affinity: list . slot -> list|index",
                  .key = {{priority}, kSlot},
                  .data = {{priority}}},
        SetSchema{.id = SetId::aff_endpoints,
                  .name = "aff_endpoints",
                  .comment = "affinity: list|index -> endpoint",
                  .key = {{priority}},
                  .data = endpoint},
        SetSchema{.id = SetId::hairpin,
                  .name = "hairpin",
                  .comment = "local endpoint address with itself",
                  .key = {{saddr}, {daddr}}},
        SetSchema{.id = SetId::service_endpoints,
                  .name = "service_endpoints",
                  .comment = "every endpoint address, for stray segments",
                  .key = {{saddr}},
                  .by_type = true,
                  .size = 262144},
        SetSchema{.id = SetId::shortcut,
                  .name = "shortcut",
                  .comment = "external policy Local: id -> id|class of the cluster list",
                  .key = {{priority}},
                  .data = {{priority}}},
        SetSchema{.id = SetId::classes,
                  .name = "classes",
                  .comment = "class -> verdict",
                  .key = {{priority}},
                  .verdicts = true,
                  .size = 1024},
        SetSchema{.id = SetId::vips,
                  .name = "vips",
                  .comment = "load balancer and external IPs that sit on no interface",
                  .key = {{daddr}},
                  .by_type = true},
        SetSchema{.id = SetId::mark_frontends,
                  .name = "frontends",
                  .comment = "VIP frontend -> word = L(31) R(30) M(29) D(28) E(27) tag(26..20) "
                             "id(19..0)",
                  .key = {{daddr}, {l4proto}, {dport}},
                  .data = {{mark}}},
        SetSchema{.id = SetId::mark_nodeports,
                  .name = "nodeports",
                  .comment = "NodePort -> word",
                  .key = port_key,
                  .data = {{mark}}},
        SetSchema{.id = SetId::mark_ranges,
                  .name = "ranges",
                  .comment = "id . allowed source range, for frontends with R",
                  .key = {{mark}, {saddr}},
                  .interval = true,
                  .by_type = true},
        SetSchema{.id = SetId::sticky,
                  .name = "sticky",
                  .comment = "affinity: list -> class",
                  .key = {{mark}},
                  .data = {{priority}}},
        SetSchema{.id = SetId::mark_affinity,
                  .name = "affinity",
                  .comment = "list . client -> endpoint; filled by the packet path only",
                  .key = {{mark}, {saddr}},
                  .data = {{priority}},
                  .dynamic = true},
        SetSchema{.id = SetId::mark_slots,
                  .name = "aff_slots",
                  .comment = "affinity: list . slot -> endpoint",
                  .key = {{mark}, kSlot},
                  .data = {{priority}}},
        SetSchema{.id = SetId::mark_servers,
                  .name = "aff_servers",
                  .comment = "affinity: endpoint -> mark of its virtual server",
                  .key = {{priority}},
                  .data = {{mark}}},
    };
}

const std::array<SetSchema, kSetCount>& schemas() {
    static const auto kAll = make_schemas();
    return kAll;
}

}  // namespace

std::size_t width(Load load, Family family) {
    switch (load) {
        case saddr:
        case daddr:
        case original_daddr:
            return family == Family::ipv4 ? 4 : 16;
        case l4proto:
            return 1;
        case dport:
        case original_dport:
            return 2;
        case priority:
        case mark:
        case random:
            return 4;
    }
    return 0;
}

std::size_t width(const Key& key, Family family) {
    std::size_t sum = 0;
    for (const auto& term : key) {
        sum += (width(term.load, family) + 3) & ~std::size_t{3};
    }
    return sum;
}

std::size_t SetSchema::key_size(Family family) const {
    return width(key, family) * (interval ? 2 : 1);
}

std::size_t SetSchema::data_size(Family family) const {
    return width(data, family);
}

const SetSchema& schema(SetId set) {
    return schemas()[static_cast<std::size_t>(set)];
}

}  // namespace sy::nft
