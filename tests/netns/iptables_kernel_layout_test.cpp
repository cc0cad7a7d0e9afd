// The rules this backend writes are, to the letter, what the programs print of them: otherwise
// every start would write them anew.
#include <gmock/gmock.h>

#include "backends/iptables/constant.h"
#include "backends/iptables/text.h"
#include "backends/iptables/tree.h"
#include "iptables_kernel_lab.h"

namespace sy::iptables {
namespace {

using Pods = ConstantConfig::Pods;

class IptablesLayout : public IptablesLab {
  protected:
    /// Writes chains of nat and filter and expects to read the same.
    void round_trip(Kernel& kernel, Transaction transaction) {
        ASSERT_EQ(transaction.restores.size(), 2U);
        commit(kernel, transaction);
        const Family family = transaction.restores[0].family;
        const auto found = dump(kernel)[family == Family::ipv4 ? 0 : 1];
        EXPECT_EQ(lines(found.nat), lines(transaction.restores[0].write));
        EXPECT_EQ(lines(found.filter), lines(transaction.restores[1].write));
        ASSERT_TRUE(kernel.remove_all());
    }
};
INSTANTIATE_TEST_SUITE_P(, IptablesLayout,
                         testing::Values(IptablesVariant::legacy, IptablesVariant::nft),
                         [](const auto& instance) {
                             return instance.param == IptablesVariant::nft ? "nft" : "legacy";
                         });

Transaction transaction_of(Family family, const Constant& constant) {
    Transaction transaction;
    for (const SetRef& set : constant.sets) {
        transaction.before.push_back(CreateSet{{set, 0}});
    }
    Restore nat;
    nat.family = family;
    for (const TreeId tree : kTrees) {
        nat.write.push_back({std::string(root_name(tree)), {}});
    }
    nat.write.insert(nat.write.end(), constant.nat.begin(), constant.nat.end());
    Restore filter;
    filter.family = family;
    filter.table = Table::filter;
    filter.write = constant.filter;
    for (const Jump& jump : constant.jumps) {
        (jump.table == Table::nat ? nat : filter).hook.push_back(jump);
    }
    transaction.restores = {nat, filter};
    return transaction;
}

TEST_P(IptablesLayout, ConstantRulesComeBackAsTheyAre) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    for (const Family family : kFamilies) {
        for (const Pods pods : {Pods::unknown, Pods::by_network, Pods::by_interface}) {
            for (const bool odd : {false, true}) {
                const ConstantConfig config{.family = family,
                                            .pods = pods,
                                            .interface = "cali+",
                                            .masquerade_all = odd,
                                            .mark = odd ? 0x80000000U : 0x4000U,
                                            .hairpin_sets = odd,
                                            .localhost_nodeports = odd && family == Family::ipv4};
                round_trip(*kernel, transaction_of(family, constant_part(config)));
            }
        }
    }
}

TEST_P(IptablesLayout, RulesOfServicesComeBackAsTheyAre) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    for (const Family family : kFamilies) {
        const bool v4 = family == Family::ipv4;
        const auto ip = [v4](unsigned n) {
            return address((v4 ? "10.1." : "fd00::") + std::to_string(n / 250) + (v4 ? "." : ":") +
                           std::to_string(n % 250));
        };
        Transaction transaction = transaction_of(family, {});
        auto& write = transaction.restores[0].write;
        write.clear();
        const PortId port = port_id({"ns", "name"}, "http", Protocol::tcp);
        std::vector<EndpointAddr> endpoints;
        for (uint16_t n = 1; n <= 120; ++n) {
            endpoints.push_back({ip(n), Port{n}});
        }
        const ListChain plain{family, ListId::cluster, port,
                              EndpointList{Protocol::tcp, 0, endpoints}};
        endpoints.resize(3);
        const ListChain sticky{family, ListId::local, port,
                               EndpointList{Protocol::sctp, 10800, endpoints}};
        for (const EndpointAddr& endpoint : endpoints) {
            transaction.before.push_back(
                CreateSet{{{family, Role::affinity, affinity_key(port, endpoint, 10800)}, 10800}});
        }
        write.push_back(chain_of(plain));
        write.push_back(chain_of(sticky));
        for (const TreeId id : kTrees) {
            Tree tree(family, id);
            for (uint16_t n = 1; n <= 300; ++n) {
                const LineKey key{
                    .family = family,
                    .tree = id,
                    .address = is_port_tree(id) ? unspecified(family) : ip(n),
                    .protocol = n % 2 == 0 ? Protocol::udp : Protocol::tcp,
                    .port = Port{static_cast<uint16_t>(is_port_tree(id) ? 30000 + n : 80)}};
                tree.set(key, n % 3 == 0 ? Target(ToEndpoints{endpoints})
                                         : Target(ToList{ListId::cluster, port}));
            }
            auto changes = tree.take_changes();
            std::ranges::move(changes.write, std::back_inserter(write));
        }
        round_trip(*kernel, std::move(transaction));
    }
}

}  // namespace
}  // namespace sy::iptables
