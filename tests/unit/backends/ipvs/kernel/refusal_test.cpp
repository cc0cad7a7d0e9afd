#include "backends/ipvs/kernel/refusal.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

namespace sy::ipvs {
namespace {

using enum Change::Kind;

constexpr std::array kKinds{add_server, set_server, remove_server, add, set, remove};

TEST(MeaningOf, WhatIsThereIsMendedWhenItWasAdded) {
    EXPECT_EQ(meaning_of(add_server, EEXIST), Meaning::present);
    EXPECT_EQ(meaning_of(add, EEXIST), Meaning::present);
    EXPECT_EQ(meaning_of(set, EEXIST), Meaning::change);
}

TEST(MeaningOf, WhatIsGoneMayBeRemoved) {
    for (const int code : {ESRCH, ENOENT}) {
        EXPECT_EQ(meaning_of(remove_server, code), Meaning::fine);
        EXPECT_EQ(meaning_of(remove, code), Meaning::fine);
        EXPECT_EQ(meaning_of(add, code), Meaning::drift);
        EXPECT_EQ(meaning_of(set, code), Meaning::drift);
    }
    EXPECT_EQ(meaning_of(set_server, ESRCH), Meaning::drift);
    EXPECT_EQ(meaning_of(add_server, ENOENT), Meaning::other) << "no such scheduler";
}

TEST(MeaningOf, NobodyIsToBlameForPermissionsAndMemory) {
    for (const auto kind : kKinds) {
        for (const int code : {EPERM, ENOMEM, ENOBUFS, EOPNOTSUPP, EAFNOSUPPORT}) {
            EXPECT_EQ(meaning_of(kind, code), Meaning::other);
        }
        EXPECT_EQ(meaning_of(kind, EINVAL), Meaning::change);
    }
}

TEST(RefusalsOfACommit, NoneIsSuccess) {
    EXPECT_TRUE(Refusals().result());
}

TEST(RefusalsOfACommit, TheGravestReasonCountsAndEveryOwnerIsNamedOnce) {
    Refusals refusals;
    refusals.add(Meaning::change, {"a", "", EINVAL}, 9);
    refusals.add(Meaning::drift, {"b", "", ESRCH}, 3);
    refusals.add(Meaning::change, {"c", "", EINVAL}, 9);
    const auto drift = refusals.result();
    ASSERT_FALSE(drift);
    EXPECT_EQ(drift.error().reason, CommitError::Reason::drift);
    EXPECT_EQ(drift.error().error.what, "b");
    EXPECT_EQ(drift.error().suspects, (std::vector<uint32_t>{3, 9}));
}

TEST(Describe, SaysWhatWasTriedOnWhat) {
    const ServerKey key{Family::ipv6, 0x05a0'0001};
    const Destination destination{key, {IpAddr::parse("fd00::1").value(), Port(80)}, 1};
    EXPECT_EQ(describe({.kind = add_server, .server = {key, "rr"}, .destination = {}}),
              "add the virtual server 0x05a00001 (IPv6) with scheduler rr");
    EXPECT_EQ(describe({.kind = remove, .server = {}, .destination = destination}),
              "remove [fd00::1]:80 from the virtual server 0x05a00001 (IPv6)");
}

}  // namespace
}  // namespace sy::ipvs
