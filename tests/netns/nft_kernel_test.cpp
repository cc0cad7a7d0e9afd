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

// What nft prints of `text`'s table differs from the text by comments, and by how elements share
// lines; nft sorts them.
std::vector<std::string> normal_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::vector<std::string> elements;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const auto start = line.find_first_not_of("\t ");
        if (start == std::string::npos || line[start] == '#') {
            continue;
        }
        line = line.substr(start);
        const bool first = line.starts_with("elements = { ");
        if (!first && !(line.ends_with(",") || line.find(" }") == line.size() - 2) ) {
            lines.push_back(line);
            continue;
        }
        if (!first && elements.empty()) {
            lines.push_back(line);
            continue;
        }
        if (first) {
            line = line.substr(13);
        }
        const bool last = line.ends_with(" }");
        if (last) {
            line.resize(line.size() - 2);
        }
        std::istringstream parts(line);
        for (std::string part; std::getline(parts, part, ',');) {
            const auto at = part.find_first_not_of(' ');
            if (at != std::string::npos) {
                elements.push_back("element " + part.substr(at));
            }
        }
        if (last) {
            std::ranges::sort(elements);
            std::ranges::move(elements, std::back_inserter(lines));
            elements.clear();
        }
    }
    return lines;
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
