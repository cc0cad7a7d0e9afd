// The companion table of IPVS against the real kernel, and against what nft reads.
#include <gmock/gmock.h>

#include "backends/ipvs/elements.h"
#include "backends/ipvs/layout.h"
#include "backends/ipvs/word.h"
#include "backends/nftables/fingerprint.h"
#include "backends/nftables/layout.h"
#include "backends/nftables/vocabulary.h"
#include "nft_lab.h"

namespace sy::nft {
namespace {

class NftMarks : public NftLab, public ::testing::WithParamInterface<Family> {
  protected:
    void SetUp() override {
        NftLab::SetUp();
        auto kernel = open_kernel(ipvs::marks_layout());
        ASSERT_TRUE(kernel) << kernel.error().message();
        kernel_ = std::move(*kernel);
    }

    static TableConfig config() {
        TableConfig config;
        config.layout = &ipvs::marks_layout();
        config.family = GetParam();
        config.sizes = default_sizes(ipvs::marks_layout());
        config.classes = {{0x200, 2, 10800}, {0x201, 3, 60}};
        config.detector = CidrDetector{{pods()}};
        return config;
    }

    static Cidr pods() {
        return network(GetParam() == Family::ipv4 ? "10.244.0.0/16" : "fd00:244::/56");
    }

    /// One of each set that the daemon fills.
    static std::vector<Element> samples() {
        const bool v4 = GetParam() == Family::ipv4;
        const auto vip = address(v4 ? "10.96.0.1" : "fd00:96::1");
        const auto list = ipvs::mark_of(2);
        return sorted({
            network_element(SetId::pod_cidrs, pods()),
            network_element(SetId::service_cidrs, network(v4 ? "10.96.0.0/16" : "fd00:96::/112")),
            address_element(SetId::nodeport_ips, address(v4 ? "192.168.50.1" : "fd00:50::1")),
            address_element(SetId::cluster_ips, vip),
            address_element(SetId::vips, address(v4 ? "198.51.100.1" : "fd00:198::1")),
            address_element(SetId::service_endpoints, address(v4 ? "10.244.1.11" : "fd00:244::b")),
            hairpin_element(address(v4 ? "10.244.1.11" : "fd00:244::b")),
            ipvs::frontend_element(vip, Protocol::tcp, Port(80), ipvs::mark_of(1)),
            ipvs::nodeport_element(GetParam(), Protocol::udp, Port(30053),
                                   ipvs::kRoleMasquerade | ipvs::mark_of(1)),
            ipvs::range_element(1, network(v4 ? "203.0.113.0/29" : "fd00:203::/64")),
            ipvs::sticky_element(GetParam(), list, 0x200),
            ipvs::slot_element(GetParam(), list, 0, ipvs::mark_of(3)),
            ipvs::server_element(GetParam(), ipvs::mark_of(3)),
        });
    }
};
INSTANTIATE_TEST_SUITE_P(Families, NftMarks, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(NftMarks, HasWhatTheLayoutNeeds) {
    const auto done = kernel_->probe();
    EXPECT_TRUE(done) << done.error().message();
    EXPECT_TRUE(listing().empty());
}

TEST_P(NftMarks, ReadsBackWhatItWrote) {
    Transaction transaction;
    transaction.create = {config()};
    transaction.add = ops(samples());
    commit(transaction);
    EXPECT_EQ(normal_lines(listing()), normal_lines(table_text(config(), samples())));
    const auto tables = dump();
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_TRUE(tables[0].same_layout);
    EXPECT_EQ(tables[0].sizes, config().sizes);
    EXPECT_EQ(tables[0].classes, config().classes);
    EXPECT_EQ(tables[0].rules, rules_fingerprint(config()));
    EXPECT_EQ(sorted(tables[0].elements), samples());
    // The other layout has nothing to do with it.
    auto words = open_kernel(words_layout());
    ASSERT_TRUE(words);
    EXPECT_TRUE((*words)->dump()->empty());
}

TEST_P(NftMarks, NftReadsTheTextAndPrintsItBack) {
    for (const LocalDetector& detector : std::initializer_list<LocalDetector>{
             NoDetector{}, CidrDetector{{pods()}}, InterfaceDetector{"cali", true}}) {
        for (const bool all : {false, true}) {
            auto variant = config();
            variant.detector = detector;
            variant.masquerade_all = all;
            const auto text = table_text(variant, samples());
            load("flush ruleset\n" + text);
            EXPECT_EQ(normal_lines(listing()), normal_lines(text));
        }
    }
}

TEST_P(NftMarks, ClassesComeAndGo) {
    Transaction transaction;
    transaction.create = {config()};
    commit(transaction);
    transaction = {};
    transaction.remove_classes = {{GetParam(), config().classes[1]}};
    transaction.add_classes = {{GetParam(), {0x202, 9, 10800}}};
    commit(transaction);
    auto changed = config();
    changed.classes[1] = {0x202, 9, 10800};
    EXPECT_EQ(dump()[0].rules, rules_fingerprint(changed));
}

}  // namespace
}  // namespace sy::nft
