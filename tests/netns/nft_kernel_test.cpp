// The netlink encoding and the dump against the real kernel, and against what nft reads.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "nft_lab.h"

namespace sy::nft {
namespace {

class NftKernel : public NftLab, public ::testing::WithParamInterface<Family> {
  protected:
    Family family() const { return GetParam(); }
    TableConfig config() const { return config_for(family()); }
    std::vector<Element> samples() const { return sorted(sample_elements(family())); }
    void create_with_samples() {
        Transaction transaction;
        transaction.create = {config()};
        transaction.add = ops(samples());
        commit(transaction);
    }
};
INSTANTIATE_TEST_SUITE_P(Families, NftKernel, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(NftKernel, HasNothingAtFirst) {
    EXPECT_TRUE(dump().empty());
}

TEST_P(NftKernel, ReadsBackWhatItWrote) {
    create_with_samples();
    const auto tables = dump();
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_EQ(tables[0].family, family());
    EXPECT_TRUE(tables[0].same_layout);
    EXPECT_EQ(tables[0].sizes, config().sizes);
    EXPECT_EQ(tables[0].classes, config().classes);
    EXPECT_EQ(tables[0].rules, rules_fingerprint(config()));
    EXPECT_EQ(sorted(tables[0].elements), samples());
}

TEST_P(NftKernel, NftReadsTheTextAndPrintsItBack) {
    const auto text = table_text(config(), samples());
    load(text);
    const auto listed = listing();
    EXPECT_EQ(normal_lines(listed), normal_lines(text));
    load("flush ruleset\n" + listed);
    EXPECT_EQ(listing(), listed);
}

TEST_P(NftKernel, NftPrintsWhatWeWriteAsTheText) {
    create_with_samples();
    EXPECT_EQ(normal_lines(listing()), normal_lines(table_text(config(), samples())));
    EXPECT_EQ(run("nft -j list ruleset > /dev/null").status, 0);
}

// Every variant of the configuration, in both families.
std::vector<TableConfig> variants(Family family) {
    std::vector<TableConfig> all;
    for (const bool masquerade_all : {false, true}) {
        for (const LocalDetector& detector : std::initializer_list<LocalDetector>{
                 NoDetector{}, CidrDetector{{network("10.244.0.0/16")}},
                 CidrDetector{{network("fd00:244::/56")}}, InterfaceDetector{"cbr0", false},
                 InterfaceDetector{"cali", true}, InterfaceDetector{"abcdefghijklmno", false},
                 InterfaceDetector{"abcdefghijklmn", true}}) {
            auto config = config_for(family);
            config.detector = detector;
            config.masquerade_all = masquerade_all;
            all.push_back(config);
        }
    }
    auto plain = config_for(family);
    plain.classes.clear();
    all.push_back(plain);
    for (uint32_t timeout : {1U, 59U, 61U, 3600U, 86400U}) {
        const auto number = 0x300 + static_cast<uint32_t>(plain.classes.size());
        plain.classes.push_back({number, 1023, timeout});
    }
    all.push_back(plain);
    return all;
}

TEST_P(NftKernel, EveryVariantIsReadWrittenAndRecognised) {
    for (const auto& config : variants(family())) {
        const auto text = table_text(config, {});
        Transaction transaction;
        transaction.create = {config};
        commit(transaction);
        const auto listed = listing();
        EXPECT_EQ(normal_lines(listed), normal_lines(text));
        const auto tables = dump();
        ASSERT_EQ(tables.size(), 1U);
        EXPECT_TRUE(tables[0].same_layout);
        EXPECT_EQ(tables[0].rules, rules_fingerprint(config)) << text;
        EXPECT_EQ(tables[0].classes, config.classes);
        load("flush ruleset\n" + text);
        EXPECT_EQ(listing(), listed);
        // The same words, but not ours.
        ASSERT_EQ(dump().size(), 1U);
        EXPECT_FALSE(dump()[0].same_layout);
    }
}

TEST_P(NftKernel, ClassesOfALargeClusterFit) {
    auto big = config();
    big.classes.clear();
    for (uint32_t n = 1; n <= 1022; ++n) {
        big.classes.push_back({n, n, n > 511 ? n : 0});
    }
    Transaction transaction;
    transaction.create = {big};
    commit(transaction);
    const auto tables = dump();
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_EQ(tables[0].rules, rules_fingerprint(big));
    EXPECT_EQ(tables[0].classes, big.classes);
}

TEST_P(NftKernel, ManyElementsSurviveTheRoundTrip) {
    Transaction transaction;
    transaction.create = {config()};
    std::vector<Element> elements;
    for (uint32_t i = 0; i < 20000; ++i) {
        const auto high = static_cast<uint8_t>(i >> 8);
        const auto low = static_cast<uint8_t>(i);
        std::array<uint8_t, 16> bytes{0xfd};
        bytes[14] = high;
        bytes[15] = low;
        const auto ip = family() == Family::ipv4 ? IpAddr::v4(10, 244, high, low)
                                                 : IpAddr::from_bytes(bytes).value();
        elements.push_back(endpoint(family(), 0x400, i, ip, static_cast<uint16_t>(i)));
        elements.push_back(frontend(ip, 6, static_cast<uint16_t>(i), i));
        elements.push_back(address_element(family(), SetId::hairpin, ip));
        if (i % 7 == 0) {
            elements.push_back(range_element(family(), i, Cidr::make(ip, ip.bits()).value()));
        }
        if (i % 2 == 0) {
            elements.push_back(
                network_element(family(), SetId::service_cidrs, Cidr::make(ip, ip.bits()).value()));
        }
    }
    transaction.add = ops(elements);
    commit(transaction);
    const auto tables = dump();
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_EQ(sorted(tables[0].elements), sorted(elements));
}

}  // namespace
}  // namespace sy::nft
