#include "backends/iptables/set.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "backends/iptables/base32.h"

namespace sy::iptables {
namespace {

TEST(Base32, SpeaksRfc4648) {
    const std::array<uint8_t, 6> foobar{'f', 'o', 'o', 'b', 'a', 'r'};
    EXPECT_EQ(base32(foobar), "mzxw6ytboi");
    EXPECT_EQ(base32(std::span(foobar).first(5)), "mzxw6ytb");
    EXPECT_EQ(base32(uint64_t{0}), "aaaaaaaaaaaaa");
}

TEST(Base32, ReadsNumbersBack) {
    for (const uint64_t number :
         {uint64_t{0}, uint64_t{1}, uint64_t{31}, uint64_t{0x0123'4567'89ab'cdef},
          std::numeric_limits<uint64_t>::max()}) {
        EXPECT_EQ(parse_base32(base32(number)), number);
    }
    EXPECT_FALSE(parse_base32("aaaaaaaaaaaa"));
    EXPECT_FALSE(parse_base32("aaaaaaaaaaaab"));
    EXPECT_FALSE(parse_base32("aaaaaaa1aaaaa"));
    EXPECT_FALSE(parse_base32("AAAAAAAAAAAAA"));
}

TEST(SetName, IsReadBackAndFitsTheKernel) {
    for (const auto family : kFamilies) {
        for (std::size_t role = 0; role < kRoleCount; ++role) {
            SetRef set{family, static_cast<Role>(role), 0};
            if (set.role == Role::affinity) {
                set.key = 0xfedc'ba98'7654'3210;
            }
            const auto name = set_name(set);
            EXPECT_LE(name.size(), 31U);
            EXPECT_EQ(set_of_name(name), set) << name;
        }
    }
    EXPECT_EQ(set_name({Family::ipv4, Role::cluster_ip, 0}), "sy4-cip");
    EXPECT_EQ(set_name({Family::ipv6, Role::node_port_local, 0}), "sy6-np-local");
    EXPECT_EQ(set_name({Family::ipv6, Role::affinity, 0}), "sy6-a-aaaaaaaaaaaaa");
}

TEST(SetName, OfOthersIsNone) {
    for (const auto* name : {"", "sy4-", "sy4-other", "sy5-cip", "KUBE-CLUSTER-IP", "sy4-a-",
                             "sy4-a-short", "sy4-cip2"}) {
        EXPECT_FALSE(set_of_name(name)) << name;
    }
}

TEST(MemberText, IsWhatIpsetPrints) {
    const auto ip = IpAddr::v4(10, 96, 0, 1);
    const auto v6 = *IpAddr::parse("fd00::1");
    const Port port{80};
    EXPECT_EQ(member_text({.set = {Family::ipv4, Role::cluster_ip, 0}, .ip = ip}), "10.96.0.1");
    EXPECT_EQ(member_text({.set = {Family::ipv4, Role::vip, 0},
                           .ip = ip,
                           .protocol = Protocol::tcp,
                           .port = port}),
              "10.96.0.1,tcp:80");
    EXPECT_EQ(member_text({.set = {Family::ipv6, Role::vip, 0},
                           .ip = v6,
                           .protocol = Protocol::sctp,
                           .port = port}),
              "fd00::1,sctp:80");
    EXPECT_EQ(member_text({.set = {Family::ipv4, Role::range, 0},
                           .ip = ip,
                           .protocol = Protocol::udp,
                           .port = port,
                           .second = IpAddr::v4(203, 0, 113, 0),
                           .second_prefix = 29}),
              "10.96.0.1,udp:80,203.0.113.0/29");
    EXPECT_EQ(member_text({.set = {Family::ipv4, Role::range, 0},
                           .ip = ip,
                           .protocol = Protocol::udp,
                           .port = port,
                           .second = IpAddr::v4(203, 0, 113, 7),
                           .second_prefix = 32}),
              "10.96.0.1,udp:80,203.0.113.7");
    EXPECT_EQ(member_text({.set = {Family::ipv4, Role::hairpin, 0},
                           .ip = ip,
                           .protocol = Protocol::tcp,
                           .port = port,
                           .second = ip}),
              "10.96.0.1,tcp:80,10.96.0.1");
    EXPECT_EQ(member_text({.set = {Family::ipv6, Role::service_cidr, 0}, .ip = v6, .prefix = 64}),
              "fd00::1/64");
    EXPECT_EQ(member_text({.set = {Family::ipv4, Role::node_port, 0},
                           .ip = IpAddr::v4(128, 0, 0, 0),
                           .prefix = 1,
                           .protocol = Protocol::tcp,
                           .port = Port{30001}}),
              "128.0.0.0/1,tcp:30001");
}

TEST(MemberHash, TellsMembersApart) {
    const Member one{.set = {Family::ipv4, Role::vip, 0}, .ip = IpAddr::v4(10, 0, 0, 1)};
    auto other = one;
    EXPECT_EQ(std::hash<Member>{}(one), std::hash<Member>{}(other));
    other.port = Port{1};
    EXPECT_NE(std::hash<Member>{}(one), std::hash<Member>{}(other));
}

}  // namespace
}  // namespace sy::iptables
