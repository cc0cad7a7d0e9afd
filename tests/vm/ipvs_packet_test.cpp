// What the layout takes for granted of the kernel's IPVS, with real packets.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <set>
#include <string>

#include "tests/vm/ipvs_packet_lab.h"

namespace sy::ipvs {
namespace {

using enum Change::Kind;
using lab::Place;
using lab::Session;

class IpvsPackets : public IpvsPacketLab {};

INSTANTIATE_TEST_SUITE_P(Both, IpvsPackets, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& family) { return std::string(to_string(family.param)); });

TEST_P(IpvsPackets, ReachTheEndpointsOfAMark) {
    commit({new_server(server()), change(add, endpoint(Place::pod1)),
            change(add, endpoint(Place::podr))});
    EXPECT_TRUE(expect_reaches(lab_, flow(), {"pod1 masq", "podr masq"}, 8));
    auto datagrams = flow();
    datagrams.kind = lab::Flow::Kind::udp;
    EXPECT_TRUE(expect_reaches(lab_, datagrams, {"pod1 masq", "podr masq"}, 8));
    EXPECT_TRUE(expect_reaches(lab_, lab::tcp(Place::node, vip(), Port(80)),
                               {"pod1 masq", "podr masq"}, 8));
    EXPECT_TRUE(expect_reaches(lab_, lab::tcp(Place::pod2, vip(), Port(80)),
                               {"pod1 kept", "podr kept"}, 8));
}

// Modes change while both are there. Seen before nat, the packets would be translated twice.
TEST_P(IpvsPackets, AreLeftAloneWhenNatHasTranslatedThem) {
    commit({new_server(server()), change(add, endpoint(Place::pod1))});
    const std::string address = lab::address(Place::podr, GetParam()).to_string();
    const bool v4 = GetParam() == Family::ipv4;
    const std::string family = v4 ? "ip" : "ip6";
    const std::string other = (v4 ? address : "[" + address + "]") + ":8080";
    const std::string rule =
        family + " daddr " + vip().to_string() + " tcp dport 80 dnat to " + other + "\n}\n";
    std::string table = "table " + family + " other {\n";
    for (const std::string hook : {"output", "prerouting"}) {
        table += "chain " + hook + " {\ntype nat hook " + hook + " priority -100\n" + rule;
    }
    output({"nft", "-f", "-"}, table + "}\n");
    for (const Place from : {Place::ext, Place::node}) {
        EXPECT_TRUE(expect_reaches(lab_, lab::tcp(from, vip(), Port(80)), {"podr masq"}, 8));
    }
    EXPECT_EQ(activity_of(Place::pod1).inactive, 0U);
}

TEST_P(IpvsPackets, AreRefusedOnClosedPortsAndByEmptyServers) {
    commit({new_server(server())});
    for (const Place from : {Place::ext, Place::pod1, Place::node}) {
        for (const Port port : {Port(80), Port(81)}) {
            EXPECT_TRUE(expect_refused(lab_, {lab::tcp(from, vip(), port)}));
            EXPECT_TRUE(expect_refused(lab_, {lab::udp(from, vip(), port)}));
        }
    }
}

TEST_P(IpvsPackets, ADrainedEndpointKeepsItsConnectionsAndTakesNoMore) {
    commit({new_server(server()), change(add, endpoint(Place::pod1))});
    Session old = Session::open(lab_, flow());
    ASSERT_TRUE(old) << describe(lab_, old.outcome());
    EXPECT_EQ(activity_of(Place::pod1).active, 1U);
    commit({change(set, endpoint(Place::pod1, 0)), change(add, endpoint(Place::pod2))});
    EXPECT_TRUE(expect_reaches(lab_, flow(), {"pod2 masq"}, 8));
    EXPECT_TRUE(old.echo("still here"));
    const Activity drained = activity_of(Place::pod1);
    EXPECT_EQ(drained.destination.weight, 0U);
    EXPECT_EQ(drained.active, 1U);
    EXPECT_EQ(drained.inactive, 0U);
}

TEST_P(IpvsPackets, TheConnectionsOfARemovedEndpointAreReset) {
    commit({new_server(server()), change(add, endpoint(Place::pod1)),
            change(add, endpoint(Place::pod2, 0))});
    Session old = Session::open(lab_, flow());
    ASSERT_TRUE(old) << describe(lab_, old.outcome());
    commit({change(remove, endpoint(Place::pod1)), change(set, endpoint(Place::pod2))});
    EXPECT_FALSE(old.echo("anybody?"));
    EXPECT_TRUE(expect_reaches(lab_, flow(), {"pod2 masq"}, 8));
}

// On a cable without delay an ICMPv6 error arrives while connect() still holds the socket: TCP then
// only makes a note of it, and is refused when it sends again after a second. A reset waits its
// turn.
TEST_P(IpvsPackets, AreRefusedByAResetWithoutASecondTry) {
    commit({new_server(server())});
    for (const Place from : {Place::ext, Place::pod1, Place::node}) {
        const auto start = std::chrono::steady_clock::now();
        EXPECT_TRUE(expect_refused(lab_, {lab::tcp(from, vip(), Port(81))}));
        const std::chrono::duration<double> reset = std::chrono::steady_clock::now() - start;
        EXPECT_TRUE(expect_refused(lab_, {lab::tcp(from, vip(), Port(80))}));
        const std::chrono::duration<double> both = std::chrono::steady_clock::now() - start;
        std::cout << "[ MEASURED ] refused by a reset after " << reset.count()
                  << " s, by IPVS (ICMP) after " << (both - reset).count() << " s\n";
    }
}

// What conn_reuse_mode is about: a client that comes again from the same port while the last
// connection from there is still remembered.
TEST_P(IpvsPackets, TheSameSourcePortIsServedAgainAtOnce) {
    commit({new_server(server()), change(add, endpoint(Place::pod1)),
            change(add, endpoint(Place::podr))});
    for (const char* mode : {"0", "1"}) {
        ASSERT_TRUE(lab::set_sysctl(lab_.at(Place::node), "net/ipv4/vs/conn_reuse_mode", mode));
        const auto same = with_source(flow(), lab::address(Place::ext, GetParam()), Port(40001));
        std::chrono::duration<double> longest{};
        for (int i = 0; i < 8; ++i) {
            const auto start = std::chrono::steady_clock::now();
            // The client ends each with a reset.
            const std::string became = describe(lab_, attempt(lab_, same));
            longest = std::max<std::chrono::duration<double>>(
                longest, std::chrono::steady_clock::now() - start);
            EXPECT_TRUE(became == "pod1 masq" || became == "podr masq") << became;
        }
        std::cout << "[ MEASURED ] conn_reuse_mode " << mode << ": longest " << longest.count()
                  << " s\n";
    }
    ASSERT_TRUE(lab::set_sysctl(lab_.at(Place::node), "net/ipv4/vs/conn_reuse_mode", "1"));
}

// The other side of it: whether such a client still gets an endpoint that drains.
TEST_P(IpvsPackets, TheSameSourcePortLeavesADrainedEndpoint) {
    commit({new_server(server()), change(add, endpoint(Place::pod1))});
    const auto same = with_source(flow(), lab::address(Place::ext, GetParam()), Port(40002));
    EXPECT_EQ(describe(lab_, attempt(lab_, same)), "pod1 masq");
    commit({change(set, endpoint(Place::pod1, 0)), change(add, endpoint(Place::pod2))});
    EXPECT_EQ(describe(lab_, attempt(lab_, same)), "pod2 masq");
}

}  // namespace
}  // namespace sy::ipvs
