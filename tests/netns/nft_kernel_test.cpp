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

}  // namespace
}  // namespace sy::nft
