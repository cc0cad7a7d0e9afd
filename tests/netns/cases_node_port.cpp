// NodePorts: cases 50 and 52 to 55. (51, NodePorts on 127.0.0.1, is not a promise of this
// dataplane: they must simply not be served there.)
#include <algorithm>

#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

class NodePortCases : public PacketTest {
  protected:
    ServiceSpec web() const { return service("shop/web").ip(vip(1)).port(80).node_port(30001); }
    Flow to(Place from, const IpAddr& address) const { return tcp(from, address, Port(30001)); }
};
SY_EVERY_BACKEND(NodePortCases);

TEST_P(NodePortCases, PrimaryAddressFromEverywhere) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    for (Place from :
         {Place::ext, Place::blk, Place::node, Place::node2, Place::pod1, Place::podr}) {
        EXPECT_TRUE(reaches(to(from, node_ip()), {"pod1 masq", "podr masq"}));
    }
}

TEST_P(NodePortCases, OnlySelectedAddresses) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    const IpAddr second = second_node_address(family());
    const IpAddr link = node_link_address(family());
    EXPECT_TRUE(refused({to(Place::ext, second), to(Place::pod2, second), to(Place::node, second),
                         to(Place::ext, link)}));

    cluster.facts.nodeport_addresses.push_back(second);
    std::ranges::sort(cluster.facts.nodeport_addresses);
    cluster.must_sync();
    EXPECT_TRUE(reaches(to(Place::ext, second), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(to(Place::pod2, second), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(to(Place::node, second), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(to(Place::ext, node_ip()), {"pod1 masq"}, 4));
    EXPECT_TRUE(refused({to(Place::ext, link)}));

    std::erase(cluster.facts.nodeport_addresses, node_ip());
    cluster.must_sync();
    EXPECT_TRUE(reaches(to(Place::ext, second), {"pod1 masq"}, 4));
    EXPECT_TRUE(refused({to(Place::ext, node_ip())}));
}

TEST_P(NodePortCases, NoAddressesMeansNoNodePorts) {
    std::erase_if(cluster.facts.nodeport_addresses,
                  [&](const IpAddr& ip) { return ip.family() == family(); });
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(refused({to(Place::ext, node_ip()), to(Place::pod2, node_ip())}));
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(1), Port(80)), {"pod1 masq"}, 4));
}

TEST_P(NodePortCases, NeverOnLoopback) {
    cluster.settings.iptables.localhost_nodeports = false;
    cluster.restart();
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    const IpAddr loopback =
        family() == Family::ipv4 ? IpAddr::v4(127, 0, 0, 1) : IpAddr::parse("::1").value();
    EXPECT_TRUE(refused({with_source(to(Place::node, loopback), loopback)}));
}

TEST_P(NodePortCases, PacketsOnLoopbackAreForModeIptables) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    const bool ipv4 = family() == Family::ipv4;
    const IpAddr loopback = ipv4 ? IpAddr::v4(127, 0, 0, 1) : IpAddr::parse("::1").value();
    const Flow node_port = with_source(to(Place::node, loopback), loopback);
    if (ipv4 && GetParam().backend->entry->name == "iptables") {
        EXPECT_TRUE(reaches_by_packets(node_port, {"pod1 masq"}, 4));
    } else {
        EXPECT_TRUE(refused({node_port}));
    }
    // The guard lets through what the node says to itself: nobody listens there, and that is said.
    EXPECT_TRUE(refused({with_source(tcp(Place::node, loopback, Port(30009)), loopback)}));
}

TEST_P(NodePortCases, SameNumberForThreeProtocols) {
    cluster.put(service("shop/t").ip(vip(1)).port(80).node_port(30001));
    cluster.put(service("shop/u").ip(vip(2)).port(80, Protocol::udp).node_port(30001));
    cluster.put(service("shop/s").ip(vip(3)).port(80, Protocol::sctp).node_port(30001));
    cluster.put(pods("shop/t", {Place::pod1}));
    cluster.put(pods("shop/u", {Place::pod2}, Protocol::udp));
    cluster.put(pods("shop/s", {Place::podr}, Protocol::sctp));
    cluster.must_sync();
    EXPECT_TRUE(reaches(to(Place::ext, node_ip()), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(udp(Place::ext, node_ip(), Port(30001)), {"pod2 masq"}, 4));
    EXPECT_TRUE(reaches(sctp(Place::ext, node_ip(), Port(30001)), {"podr masq"}, 4));
}

TEST_P(NodePortCases, UdpSurvivesTheReplacementOfItsEndpoint) {
    const Flow flow = udp(Place::ext, node_ip(), Port(30001));
    cluster.put(service("shop/u").ip(vip(2)).port(80, Protocol::udp).node_port(30001));
    cluster.put(pods("shop/u", {Place::pod1}, Protocol::udp));
    cluster.must_sync();
    EXPECT_TRUE(reaches(flow, {"pod1 masq"}, 4));
    cluster.put(pods("shop/u", {Place::podr}, Protocol::udp));
    cluster.must_sync();
    EXPECT_TRUE(reaches(flow, {"podr masq"}, 4));
}

TEST_P(NodePortCases, NumberAndTypeChangeAtRuntime) {
    const Flow by_port = to(Place::ext, node_ip());
    const Flow by_vip = tcp(Place::pod2, vip(1), Port(80));
    cluster.put(pods("shop/web", {Place::pod1}));
    // A clusterIP may still be set on an ExternalName Service: it does not count.
    cluster.put(service("shop/web").ip(vip(1)).port(80).type(ServiceType::external_name));
    cluster.must_sync();
    EXPECT_TRUE(silent({by_vip}));
    EXPECT_TRUE(refused({by_port}));

    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.must_sync();
    EXPECT_TRUE(reaches(by_vip, {"pod1 kept"}, 4));
    EXPECT_TRUE(refused({by_port}));

    cluster.put(web());
    cluster.must_sync();
    EXPECT_TRUE(reaches(by_vip, {"pod1 kept"}, 4));
    EXPECT_TRUE(reaches(by_port, {"pod1 masq"}, 4));

    cluster.put(service("shop/web").ip(vip(1)).port(80).node_port(30002));
    cluster.must_sync();
    EXPECT_TRUE(refused({by_port}));
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30002)), {"pod1 masq"}, 4));

    cluster.put(service("shop/web").ip(vip(1)).port(80).type(ServiceType::external_name));
    cluster.must_sync();
    EXPECT_TRUE(silent({by_vip}));
    EXPECT_TRUE(refused({tcp(Place::ext, node_ip(), Port(30002))}));
}

TEST_P(NodePortCases, ReallocatedToAnotherServiceInOneStep) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(to(Place::ext, node_ip()), {"pod1 masq"}, 4));
    cluster.put(service("shop/web").ip(vip(1)).port(80).node_port(30002));
    cluster.put(service("shop/next").ip(vip(2)).port(80).node_port(30001));
    cluster.put(pods("shop/next", {Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(to(Place::ext, node_ip()), {"podr masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30002)), {"pod1 masq"}, 4));
}

}  // namespace
}  // namespace sy::lab
