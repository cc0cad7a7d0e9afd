#include "backends/nftables/kernel/batch.h"

#include <gmock/gmock.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <cerrno>

#include "backends/nftables/kernel/dump_message.h"
#include "backends/nftables/kernel/encode_element.h"
#include "backends/nftables/kernel/encode_table.h"

namespace sy::nft {
namespace {

using enum CommitError::Reason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Message 1 is a chain, 2 and 3 are 1500 elements of a set, 4 is one of another set.
struct Sample {
    Batch batch{words_layout().table};
    uint32_t ids = 0;

    Sample() {
        TableEncoder(batch, Family::ipv4, ids).add_chain({"somewhere", "", {}, {}});
        std::vector<ElementOp> ops;
        for (uint32_t i = 0; i < 1500; ++i) {
            ops.push_back(
                {Element(Family::ipv4, SetId::shortcut).key_word(i).data_word(1), i / 600});
        }
        ops.push_back({Element(Family::ipv6, SetId::shortcut).key_word(1).data_word(1), 9});
        write_elements(batch, ops, false);
    }
};

CommitError explained(const Sample& sample, std::vector<Batch::Refusal> refusals) {
    return sample.batch.explain(refusals);
}

TEST(Batch, AsksTheLastMessageForAnAcknowledgement) {
    Sample sample;
    std::vector<uint32_t> acknowledged;
    std::vector<uint32_t> sequences;
    for_each_message(sample.batch.finish(), [&](const NetlinkMessage& message) {
        sequences.push_back(message.sequence);
        if ((message.flags & NLM_F_ACK) != 0) {
            acknowledged.push_back(message.sequence);
        }
        return true;
    });
    EXPECT_THAT(sequences, ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_THAT(acknowledged, ElementsAre(4));
    EXPECT_EQ(sample.batch.last(), 4U);
}

TEST(Batch, NamesTheOwnersOfTheMessagesThatFailed) {
    const Sample sample;
    EXPECT_THAT(explained(sample, {{2, EEXIST, 60, {}}}).suspects, ElementsAre(0, 1));
    EXPECT_THAT(explained(sample, {{3, EEXIST, 60, {}}}).suspects, ElementsAre(1, 2));
    EXPECT_THAT(explained(sample, {{2, EEXIST, 60, {}}, {4, EEXIST, 60, {}}}).suspects,
                ElementsAre(0, 1, 9));
    EXPECT_THAT(explained(sample, {{1, EEXIST, 0, {}}}).suspects, IsEmpty());
    EXPECT_THAT(explained(sample, {{0, EPERM, 0, {}}}).suspects, IsEmpty());
    EXPECT_THAT(explained(sample, {{77, EPERM, 0, {}}}).suspects, IsEmpty());
}

TEST(Batch, TellsReasonsApart) {
    const Sample sample;
    const auto reason = [&sample](Batch::Refusal refusal) {
        return explained(sample, {refusal}).reason;
    };
    EXPECT_EQ(reason({1, ENOENT, 0, {}}), drift);
    EXPECT_EQ(reason({1, EEXIST, 0, {}}), drift);
    EXPECT_EQ(reason({1, EINVAL, 0, {}}), other);
    EXPECT_EQ(reason({2, EEXIST, 0, {}}), element);
    EXPECT_EQ(reason({2, EINVAL, 0, {}}), element);
    EXPECT_EQ(reason({2, EBUSY, 0, {}}), element);
    EXPECT_EQ(reason({2, ENFILE, 0, {}}), full);
    EXPECT_EQ(reason({2, ENOSPC, 0, {}}), full);
    EXPECT_EQ(reason({2, ENOMEM, 0, {}}), other);
    EXPECT_EQ(reason({0, EPERM, 0, {}}), other);
    // The table's name is the first attribute; elements come after it and the set's name.
    EXPECT_EQ(reason({2, ENOENT, 20, {}}), drift);
    EXPECT_EQ(reason({2, ENOENT, 0, {}}), drift);
    EXPECT_EQ(reason({2, ENOENT, 80, {}}), element);
}

TEST(Batch, TellsTheGravestReason) {
    const Sample sample;
    const auto error =
        explained(sample, {{2, EEXIST, 60, {}}, {3, ENFILE, 60, "too many"}, {4, EEXIST, 60, {}}});
    EXPECT_EQ(error.reason, full);
    EXPECT_EQ(error.error.code, ENFILE);
    EXPECT_EQ(error.error.what, "too many");
    EXPECT_EQ(error.error.on, "elements ip switchyard shortcut");
    EXPECT_EQ(explained(sample, {{2, ENFILE, 0, {}}, {1, ENOENT, 0, {}}}).reason, drift);
    EXPECT_EQ(explained(sample, {{1, ENOENT, 0, {}}, {0, EPERM, 0, {}}}).reason, other);
    EXPECT_THAT(explained(sample, {{4, EEXIST, 60, {}}}).error.on, HasSubstr("ip6"));
    EXPECT_THAT(explained(sample, {{1, ENOENT, 0, {}}}).error.on, HasSubstr("somewhere"));
}

}  // namespace
}  // namespace sy::nft
