// Load balancer VIPs, external IPs and source ranges: cases 44 to 49.
#include "tests/support/backend_fixture.h"
#include "tests/support/sniffer.h"

namespace sy::lab {
namespace {

class LoadBalancerCases : public PacketTest {
  protected:
    std::string allowed() const { return allowed_network(family()).to_string(); }
    std::string host(const IpAddr& ip) const {
        return ip.to_string() + (family() == Family::ipv4 ? "/32" : "/128");
    }
    ServiceSpec web() const {
        return service("shop/web").ip(vip(1)).port(80).node_port(30001).load_balancer(lb(1));
    }
};
SY_EVERY_BACKEND(LoadBalancerCases);

TEST_P(LoadBalancerCases, RangesGuardEveryVip) {
    const std::string unrelated = family() == Family::ipv4 ? "10.200.0.0/16" : "fd00:dead::/64";
    cluster.put(web().load_balancer(lb(2)).allow(allowed()).allow(unrelated));
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    for (unsigned n : {1u, 2u}) {
        EXPECT_TRUE(reaches(tcp(Place::ext, lb(n), Port(80)), {"pod1 masq", "podr masq"}));
        EXPECT_TRUE(
            reaches(with_source(tcp(Place::ext, lb(n), Port(80)), crowd_address(family(), 3)),
                    {"pod1 masq", "podr masq"}));
    }
    EXPECT_TRUE(silent({tcp(Place::blk, lb(1), Port(80)), tcp(Place::blk, lb(2), Port(80))}));
}

TEST_P(LoadBalancerCases, RangesGuardNothingElse) {
    cluster.put(web().external_ip(ext_ip(1)).allow(allowed()));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::blk, node_ip(), Port(30001)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::blk, ext_ip(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::blk, vip(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept"}, 4));
    // Pods are no exception, and neither is the node outside of the ranges.
    EXPECT_TRUE(silent({tcp(Place::pod2, lb(1), Port(80)), tcp(Place::node, lb(1), Port(80))}));
}

TEST_P(LoadBalancerCases, NodeInsideTheRangesMayUseTheVipAsSource) {
    // Some platforms configure the VIP on the node, so that it becomes the source address.
    const auto bound =
        must_run_in(lab().at(Place::node), {"ip", "addr", "add", host(lb(1)), "dev", "lo"});
    ASSERT_TRUE(bound) << bound.error().message();
    cluster.put(web().allow(allowed()));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    const Flow by_own = tcp(Place::node, lb(1), Port(80));
    const Flow by_vip = with_source(by_own, lb(1));
    EXPECT_TRUE(silent({by_own, by_vip}));
    cluster.put(web().allow(allowed()).allow(host(node_ip())));
    cluster.must_sync();
    // Ranges are a matter of packets to every backend.
    EXPECT_TRUE(reaches_by_packets(by_own, {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches_by_packets(unbound(by_own), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches_by_packets(by_vip, {"pod1 masq"}, 4));
    EXPECT_TRUE(silent({tcp(Place::blk, lb(1), Port(80))}));
    const auto unbound =
        must_run_in(lab().at(Place::node), {"ip", "addr", "del", host(lb(1)), "dev", "lo"});
    EXPECT_TRUE(unbound) << unbound.error().message();
}

TEST_P(LoadBalancerCases, EverybodyIsInTheZeroRange) {
    const std::string zero = family() == Family::ipv4 ? "0.0.0.0/0" : "::/0";
    cluster.put(web().allow(allowed()).allow(zero));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    for (Place from : {Place::blk, Place::ext, Place::pod2, Place::node}) {
        EXPECT_TRUE(reaches(tcp(from, lb(1), Port(80)), {"pod1 masq"}, 4));
    }
}

TEST_P(LoadBalancerCases, RangesOfTheOtherFamilyCloseThisOne) {
    const Family other = family() == Family::ipv4 ? Family::ipv6 : Family::ipv4;
    cluster.put(web().allow(allowed_network(other).to_string()));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(silent({tcp(Place::ext, lb(1), Port(80)), tcp(Place::blk, lb(1), Port(80)),
                        tcp(Place::pod2, lb(1), Port(80))}));
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30001)), {"pod1 masq"}, 4));
}

TEST_P(LoadBalancerCases, OverlappingAndTouchingRanges) {
    std::vector<std::string> ranges =
        family() == Family::ipv4
            ? std::vector<std::string>{"203.0.113.0/25", "203.0.113.0/24", "203.0.114.0/24",
                                       "203.0.112.0/24", "203.0.113.2/32"}
            : std::vector<std::string>{"fd00:203::/65", "fd00:203::/64", "fd00:203:1::/64",
                                       "fd00:203::2/128"};
    ServiceSpec spec = web();
    for (const std::string& range : ranges) {
        spec.allow(range);
    }
    cluster.put(spec);
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, lb(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(silent({tcp(Place::blk, lb(1), Port(80))}));
    // Taking away the wide ones leaves the narrow one in force.
    cluster.put(web().allow(host(at(Place::ext))));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, lb(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(silent({with_source(tcp(Place::ext, lb(1), Port(80)), crowd_address(family(), 1)),
                        tcp(Place::blk, lb(1), Port(80))}));
}

TEST_P(LoadBalancerCases, RangesChangeAtRuntime) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    const Flow blk = tcp(Place::blk, lb(1), Port(80));
    EXPECT_TRUE(reaches(blk, {"pod1 masq"}, 4));
    Session old = Session::open(lab(), blk);
    cluster.put(web().allow(allowed()));
    cluster.must_sync();
    EXPECT_TRUE(silent({blk}));
    EXPECT_TRUE(old.echo("established before"));
    cluster.put(web().allow(host(at(Place::blk))));
    cluster.must_sync();
    EXPECT_TRUE(reaches(blk, {"pod1 masq"}, 4));
    EXPECT_TRUE(silent({tcp(Place::ext, lb(1), Port(80))}));
    cluster.put(web());
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, lb(1), Port(80)), {"pod1 masq"}, 4));
}

TEST_P(LoadBalancerCases, RangesWithLocalPolicy) {
    cluster.put(web().external_local().allow(allowed()).allow(host(at(Place::pod2))));
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, lb(1), Port(80)), {"pod1 kept"}));
    EXPECT_TRUE(reaches(tcp(Place::pod2, lb(1), Port(80)), {"pod1 kept", "podr kept"}));
    EXPECT_TRUE(silent({tcp(Place::blk, lb(1), Port(80)), tcp(Place::pod1, lb(1), Port(80))}));
    EXPECT_TRUE(reaches(tcp(Place::blk, node_ip(), Port(30001)), {"pod1 kept"}));
}

TEST_P(LoadBalancerCases, RangesWithoutEndpoints) {
    cluster.put(web().allow(allowed()));
    cluster.must_sync();
    EXPECT_TRUE(refused({tcp(Place::ext, lb(1), Port(80))}));
    EXPECT_TRUE(silent({tcp(Place::blk, lb(1), Port(80)), tcp(Place::pod2, lb(1), Port(80))}));
}

TEST_P(LoadBalancerCases, VipThatIsNotInVipModeIsLeftAlone) {
    // Decoding leaves entries with ipMode Proxy out of load_balancer_ips; to the dataplane such a
    // Service has no VIP, and the packet leaves the node.
    cluster.put(
        service("shop/web").ip(vip(1)).port(80).node_port(30001).type(ServiceType::load_balancer));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    Sniffer dead_end(lab(), Place::node, kDeadEnd);
    EXPECT_TRUE(silent({tcp(Place::pod2, lb(1), Port(80))}));
    EXPECT_TRUE(dead_end.saw_to(lb(1)));
    cluster.put(web());
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod2, lb(1), Port(80)), {"pod1 masq"}, 4));
}

TEST_P(LoadBalancerCases, ExternalIpOfNoNode) {
    cluster.put(
        service("shop/web").ip(vip(1)).port(80).external_ip(ext_ip(1)).external_ip(ext_ip(2)));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    for (Place from : {Place::ext, Place::pod2, Place::node, Place::node2}) {
        EXPECT_TRUE(reaches(tcp(from, ext_ip(1), Port(80)), {"pod1 masq"}, 4));
        EXPECT_TRUE(reaches(tcp(from, ext_ip(2), Port(80)), {"pod1 masq"}, 4));
    }
}

TEST_P(LoadBalancerCases, WithAndWithoutNodePort) {
    const auto without = [&] {
        return service("shop/web").ip(vip(1)).port(80).load_balancer(lb(1));
    };
    cluster.put(without());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, lb(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(refused({tcp(Place::ext, node_ip(), Port(30001))}));  // nobody listens there
    cluster.put(web());
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30001)), {"pod1 masq"}, 4));
    cluster.put(without());
    cluster.must_sync();
    EXPECT_TRUE(refused({tcp(Place::ext, node_ip(), Port(30001))}));
    EXPECT_TRUE(reaches(tcp(Place::ext, lb(1), Port(80)), {"pod1 masq"}, 4));
}

TEST_P(LoadBalancerCases, VipThatIsAnAddressOfTheNode) {
    // An exact VIP match comes first, NodePorts last: both work on the same address.
    cluster.put(service("shop/web").ip(vip(1)).port(80).node_port(30001).external_ip(node_ip()));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.put(service("shop/other").ip(vip(2)).port(81).node_port(30002));
    cluster.put(pods("shop/other", {Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30001)), {"pod1 masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30002)), {"podr masq"}, 4));
    // What the node itself offers on that address stays reachable.
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), kServerPort), {"node kept"}, 4));
}

}  // namespace
}  // namespace sy::lab
