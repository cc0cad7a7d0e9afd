#include "backends/iptables/kernel/set_message.h"

#include <gmock/gmock.h>
#include <linux/netfilter/ipset/ip_set.h>

#include <random>

namespace sy::iptables {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr SetRef kRanges{Family::ipv6, Role::range, 0};

Member range(uint16_t port) {
    return {.set = kRanges,
            .ip = *IpAddr::parse("2001:db8::1"),
            .protocol = Protocol::udp,
            .port = Port{port},
            .second = *IpAddr::parse("2001:db8:1::"),
            .second_prefix = 48};
}

/// What is in a message after both headers.
Bytes attributes_of(const std::vector<uint8_t>& message) {
    Bytes found;
    for_each_message(message, [&found](const Message& m) { found = m.attributes; });
    return found;
}

// The kernel lists members as it takes them.
TEST(SetMessage, MembersComeBackAsTheyWent) {
    std::vector<Member> members;
    std::vector<const Member*> pointers;
    for (uint16_t port = 1; port <= 100; ++port) {
        members.push_back(range(port));
    }
    for (const Member& member : members) {
        pointers.push_back(&member);
    }
    const auto request = change_request({7, 3}, set_name(kRanges), false, pointers);
    EXPECT_EQ(request.taken, members.size());
    const auto listed = parse_listed(attributes_of(request.bytes), kRanges);
    EXPECT_EQ(listed.name, "sy6-range");
    EXPECT_EQ(listed.members, members);
    EXPECT_THAT(parse_listed(attributes_of(request.bytes), {}).members, IsEmpty());
    // Read as members of another set they are none.
    EXPECT_THAT(
        parse_listed(attributes_of(request.bytes), SetRef{Family::ipv4, Role::vip, 0}).members,
        IsEmpty());
}

TEST(SetMessage, OneMessageTakesWhatFits) {
    const Member member = range(1);
    const std::vector<const Member*> many(5000, &member);
    const auto request = change_request({7, 1}, set_name(kRanges), true, many);
    EXPECT_GT(request.taken, 400U);
    EXPECT_LT(request.taken, many.size());
    EXPECT_LT(request.bytes.size(), 65536U);
    EXPECT_EQ(parse_listed(attributes_of(request.bytes), kRanges).members.size(), request.taken);
}

TEST(SetMessage, SetsComeBackAsTheyWent) {
    const SetDef def{{Family::ipv4, Role::affinity, 5}, 10800};
    const auto listed =
        parse_listed(attributes_of(create_request({7, 1}, shape_of(def), 6)), def.set);
    EXPECT_EQ(listed.name, set_name(def.set));
    EXPECT_EQ(listed.type, "hash:ip");
    EXPECT_EQ(listed.family, Family::ipv4);
    EXPECT_EQ(listed.timeout, 10800U);
}

TEST(SetMessage, ReadsWhatWasRefused) {
    // As the kernel writes it: the code, and our request with the line in it.
    std::vector<uint8_t> answer(sizeof(nlmsghdr) + sizeof(int));
    const Member member = range(1);
    const std::vector<const Member*> one{&member};
    const auto request = change_request({7, 9}, set_name(kRanges), false, one);
    answer.insert(answer.end(), request.bytes.begin(), request.bytes.end());
    nlmsghdr header{};
    header.nlmsg_len = static_cast<uint32_t>(answer.size());
    header.nlmsg_type = NLMSG_ERROR;
    header.nlmsg_seq = 9;
    std::memcpy(answer.data(), &header, sizeof header);
    const int code = -4352;
    std::memcpy(answer.data() + sizeof header, &code, sizeof code);
    int messages = 0;
    for_each_message(answer, [&messages](const Message& message) {
        ++messages;
        EXPECT_TRUE(message.is_last);
        EXPECT_EQ(message.sequence, 9U);
        EXPECT_EQ(message.code, 4352);
        EXPECT_EQ(refused_line(message), 0U);
    });
    EXPECT_EQ(messages, 1);
    EXPECT_THAT(std::string(code_text(4352)), HasSubstr("full"));
    EXPECT_EQ(code_text(ENOENT), "");
    EXPECT_NE(code_text(4444), "");
}

TEST(SetMessage, AnyBytesAreRead) {
    std::mt19937 random(7);
    const Member member = range(1);
    const std::vector<const Member*> some(5, &member);
    const auto good = change_request({7, 9}, set_name(kRanges), false, some).bytes;
    for (int i = 0; i < 20'000; ++i) {
        auto bytes = good;
        for (int change = 0; change < 4; ++change) {
            bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
        }
        bytes.resize(random() % (bytes.size() + 1));
        for_each_message(bytes, [](const Message& message) {
            (void)refused_line(message);
            (void)parse_listed(message.attributes, kRanges);
            (void)parse_protocol_range(message.attributes);
            (void)parse_revisions(message.attributes);
        });
    }
}

}  // namespace
}  // namespace sy::iptables
