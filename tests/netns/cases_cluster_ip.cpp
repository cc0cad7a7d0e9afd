// ClusterIP basics: cases 30 to 34.
#include <algorithm>
#include <map>

#include "tests/support/backend_fixture.h"
#include "tests/support/sniffer.h"

namespace sy::lab {
namespace {

class ClusterIpCases : public PacketTest {};
SY_EVERY_BACKEND(ClusterIpCases);

TEST_P(ClusterIpCases, OneEndpointOnAnotherPort) {
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept"}));
    EXPECT_TRUE(refused({tcp(Place::pod2, vip(1), kServerPort)}));
}

TEST_P(ClusterIpCases, TwoSlicesWithDifferentTargetPorts) {
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.put(pods("shop/web", {Place::pod1}));
    SliceSpec other = slice("shop/web", family(), "2").port(kOtherServerPort.number());
    cluster.put(on(other, family(), Place::podr));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept", "podr:8081 kept"}));
}

TEST_P(ClusterIpCases, AllEndpointsAreHitEvenly) {
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    std::map<std::string, unsigned> hits;
    constexpr unsigned kTries = 900;
    for (unsigned done = 0; done < kTries; done += 50) {
        const std::vector<Flow> flows(50, tcp(Place::ext, vip(1), Port(80)));
        for (const Outcome& outcome : attempt(lab(), flows)) {
            ++hits[describe(lab(), outcome)];
        }
    }
    EXPECT_EQ(hits.size(), 3u);
    for (const auto& [who, count] : hits) {
        // 300 expected with a standard deviation of 14: seven of them to either side.
        EXPECT_GT(count, 200u) << who;
        EXPECT_LT(count, 400u) << who;
    }
}

TEST_P(ClusterIpCases, SameNumberDifferentProtocols) {
    cluster.put(service("shop/all")
                    .ip(vip(1))
                    .port(80, Protocol::tcp, "t")
                    .port(80, Protocol::udp, "u")
                    .port(80, Protocol::sctp, "s"));
    const auto one = [&](std::string_view suffix, Protocol protocol, std::string name,
                         Place place) {
        SliceSpec spec = slice("shop/all", family(), suffix)
                             .port(kServerPort.number(), protocol, std::move(name));
        cluster.put(on(spec, family(), place));
    };
    one("t", Protocol::tcp, "t", Place::pod1);
    one("u", Protocol::udp, "u", Place::pod2);
    one("s", Protocol::sctp, "s", Place::podr);
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(udp(Place::ext, vip(1), Port(80)), {"pod2 masq"}, 4));
    EXPECT_TRUE(reaches(sctp(Place::ext, vip(1), Port(80)), {"podr masq"}, 4));
    EXPECT_TRUE(reaches(sctp(Place::pod1, vip(1), Port(80)), {"podr kept"}, 4));
}

TEST_P(ClusterIpCases, OtherPortsOfAnActiveClusterIpAreRefused) {
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.put(service("shop/db").ip(vip(2)).port(90));
    cluster.put(pods("shop/db", {Place::pod1}));
    cluster.must_sync();
    std::vector<Flow> flows;
    for (Place from : {Place::pod2, Place::node, Place::ext}) {
        flows.push_back(udp(from, vip(1), Port(80)));  // only TCP is served
        flows.push_back(tcp(from, vip(1), Port(90)));  // the port of another Service
        flows.push_back(ping(from, vip(1)));
        flows.push_back(sctp(from, vip(1), Port(80)));
    }
    EXPECT_TRUE(refused(flows));
}

TEST_P(ClusterIpCases, UnallocatedAddressesOfAServiceNetworkAreDropped) {
    const Cidr late = family() == Family::ipv4 ? Cidr::parse("198.19.0.0/24").value()
                                               : Cidr::parse("fd00:1999::/112").value();
    const IpAddr in_late = family() == Family::ipv4 ? IpAddr::v4(198, 19, 0, 7)
                                                    : IpAddr::parse("fd00:1999::7").value();
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.must_sync();
    std::vector<Flow> flows;
    for (Place from : {Place::pod2, Place::node, Place::ext}) {
        flows.push_back(tcp(from, vip(200), Port(80)));
        flows.push_back(udp(from, vip(200), Port(80)));
    }
    EXPECT_TRUE(silent(flows));

    // Silent is also what nobody translates: only a look at the dead end tells the difference.
    cluster.facts.service_cidrs.push_back(late);
    std::ranges::sort(cluster.facts.service_cidrs);
    cluster.must_sync();
    Sniffer dead_end(lab(), Place::node, kDeadEnd);
    EXPECT_TRUE(silent({udp(Place::pod2, in_late, Port(80)), udp(Place::ext, in_late, Port(80)),
                        udp(Place::node, in_late, Port(80))}));
    EXPECT_FALSE(dead_end.saw_to(in_late)) << "left the node";

    std::erase(cluster.facts.service_cidrs, late);
    cluster.must_sync();
    EXPECT_TRUE(silent({udp(Place::pod2, in_late, Port(80))}));
    EXPECT_TRUE(dead_end.saw_to(in_late)) << "still dropped though the network is gone";
}

TEST_P(ClusterIpCases, HairpinIsMasqueraded) {
    cluster.put(service("shop/web").ip(vip(1)).port(80).port(53, Protocol::udp, "dns"));
    SliceSpec spec = slice("shop/web", family()).port(8080).port(8080, Protocol::udp, "dns");
    cluster.put(on(spec, family(), Place::pod1));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod1, vip(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(udp(Place::pod1, vip(1), Port(53)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::pod1, at(Place::pod2), kServerPort), {"pod2 kept"}, 2));
}

TEST_P(ClusterIpCases, HostNetworkEndpointAndClient) {
    cluster.put(service("shop/web").ip(vip(1)).port(80).node_port(30001));
    cluster.put(pods("shop/web", {Place::node, Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod1, vip(1), Port(80)), {"node kept", "podr kept"}));
    // What is delivered on the node itself never passes the hook that masquerades.
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30001)), {"node kept", "podr masq"}));
    // The node as its own endpoint is a hairpin: it sees some address of the node, whichever.
    const std::set<std::string> seen = reached(lab(), tcp(Place::node, vip(1), Port(80)), 32);
    for (const std::string& word : seen) {
        EXPECT_TRUE(word == "node kept" || word == "node masq" || word == "podr masq") << word;
    }
}

}  // namespace
}  // namespace sy::lab
