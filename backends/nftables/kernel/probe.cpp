#include "backends/nftables/kernel/probe.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>

#include <cerrno>
#include <string>

#include "backends/nftables/kernel/encode_element.h"
#include "backends/nftables/kernel/encode_table.h"

namespace sy::nft {
namespace {

constexpr std::string_view kProbeTable = "switchyard-probe";

// What was tried by the messages up to `last`.
struct Tried {
    uint32_t last = 0;
    std::string feature;
};

class Probe {
  public:
    explicit Probe(Family family) : batch_(kProbeTable), encoder_(batch_, family, ids_) {
        encoder_.add_table(true);
        tried("tables with user data");
        sets();
        chains();
        rules(family);
        write_classes(batch_, family,
                      std::vector<ClassElement>{{1, {Verdict::Kind::go_to, "probe"}}}, false);
        tried("verdict maps (goto)");
        // There is no such chain: the kernel undoes the whole batch, whatever it can do.
        encoder_.remove_chain("no-such-chain");
    }

    Batch& batch() { return batch_; }

    // The feature that the message tried; empty for the one that has to fail.
    std::string feature_of(uint32_t sequence) const {
        for (const auto& step : tried_) {
            if (sequence <= step.last) {
                return step.feature;
            }
        }
        return {};
    }

  private:
    void tried(std::string feature) { tried_.push_back({batch_.last(), std::move(feature)}); }

    void set(SetId id, uint32_t size, std::string feature) {
        encoder_.add_set({id, size});
        tried(std::move(feature));
    }

    void sets() {
        constexpr uint32_t kSize = 16;
        set(SetId::pod_cidrs, 0, "interval sets");
        set(SetId::cluster_ips, kSize, "hash sets");
        set(SetId::ranges, 0, "interval sets of concatenations (Linux 5.6)");
        set(SetId::frontends, kSize, "maps of concatenations");
        set(SetId::endpoints, kSize, "maps to address and port");
        set(SetId::affinity, kSize, "maps with timeouts that rules update");
        set(SetId::classes, kSize, "verdict maps");
    }

    void chains() {
        encoder_.add_chain({"probe", "", {}, {}});
        encoder_.add_chain({"nat",
                            "",
                            Hook{"nat", "postrouting", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, ""},
                            {}});
        tried("nat chains (CONFIG_NF_NAT)");
        encoder_.add_chain(
            {"filter", "", Hook{"filter", "forward", NF_INET_FORWARD, NF_IP_PRI_FILTER, ""}, {}});
        tried("filter chains");
    }

    void rule(Statement statement, std::string feature) {
        encoder_.add_rule("probe", {std::move(statement)});
        tried(std::move(feature));
    }

    void rules(Family family) {
        using enum Load;
        const Term slot{random, 2};
        rule(HasBits{HasBits::Of::priority, 1}, "meta priority");
        rule(SetPriority{}, "meta priority set");
        rule(IsTransport{}, "anonymous sets");
        rule(InSet{{{saddr}}, SetId::pod_cidrs, true}, "lookups in sets");
        rule(InSet{{{priority}, {saddr}}, SetId::ranges, false}, "lookups in ranges");
        rule(SetPriority{Value{{{daddr}, {l4proto}, {dport}}, SetId::frontends}},
             "lookups in maps");
        rule(HasBits{HasBits::Of::ct_state, 1}, "ct state (CONFIG_NFT_CT)");
        rule(HasBits{HasBits::Of::ct_status, IPS_DST_NAT}, "ct status");
        rule(SetPriority{Value{{{original_daddr}, {l4proto}, {original_dport}}, SetId::frontends}},
             "ct original addresses and ports");
        rule(IsNodeAddress{saddr, false}, "fib (CONFIG_NFT_FIB)");
        rule(InputInterface{"lo", false, true}, "iifname");
        rule(Translate{{{{priority}, slot}, SetId::endpoints}},
             "dnat by numgen and map (CONFIG_NFT_NAT, CONFIG_NFT_NUMGEN)");
        rule(MasqueradeSource{}, "masquerade (CONFIG_NFT_MASQ)");
        rule(RejectPacket{}, family == Family::ipv4 ? "reject (CONFIG_NFT_REJECT_IPV4)"
                                                    : "reject (CONFIG_NFT_REJECT_IPV6)");
        rule(Remember{false, {{priority}, {saddr}}, {priority}, 1}, "update of maps from rules");
        rule(Remember{true, {{priority}, {saddr}}, {priority}, 0}, "delete in maps from rules");
        rule(Count{}, "counters");
        rule(VerdictMap{{{priority}}, SetId::classes}, "vmap");
    }

    uint32_t ids_ = 0;
    Batch batch_;
    TableEncoder encoder_;
    std::vector<Tried> tried_;
};

Result<void> probe_family(Connection& connection, Family family) {
    Probe probe(family);
    const auto refusals = connection.transact(probe.batch());
    if (!refusals) {
        return std::unexpected(refusals.error());
    }
    const std::string where =
        family == Family::ipv4 ? "nftables, family ip" : "nftables, family ip6";
    for (const auto& refusal : *refusals) {
        if (refusal.sequence == 0) {
            return fail(refusal.code == EPERM ? "not allowed: CAP_NET_ADMIN is needed"
                                              : "nftables is not available (CONFIG_NF_TABLES)",
                        where, refusal.code);
        }
        if (const auto feature = probe.feature_of(refusal.sequence); !feature.empty()) {
            return fail("the kernel lacks " + feature, where, refusal.code);
        }
    }
    return {};
}

}  // namespace

Result<void> probe_features(Connection& connection) {
    for (const auto family : kFamilies) {
        if (auto done = probe_family(connection, family); !done) {
            return done;
        }
    }
    return {};
}

}  // namespace sy::nft
