#include "agent/udp_frontends.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

IpAddr ip(const char* text) {
    return *IpAddr::parse(text);
}
EndpointAddr at(const char* address, uint16_t port) {
    return {ip(address), Port{port}};
}

constexpr const char* kVip = "10.96.0.10";
const EndpointAddr kDns = at(kVip, 53);
const EndpointAddr kPod1 = at("10.244.1.1", 5353);
const EndpointAddr kPod2 = at("10.244.1.2", 5353);

Frontend vip(const char* address, uint16_t port) {
    Frontend frontend;
    frontend.address = ip(address);
    frontend.port = Port{port};
    return frontend;
}

Frontend node_port(uint16_t port) {
    Frontend frontend;
    frontend.kind = FrontendKind::node_port;
    frontend.port = Port{port};
    return frontend;
}

ServicePlan plan(std::string name, std::vector<Frontend> frontends,
                 std::vector<EndpointAddr> serving, Protocol protocol = Protocol::udp) {
    PortPlan port;
    port.protocol = protocol;
    port.frontends = std::move(frontends);
    port.serving = std::move(serving);
    ServicePlan out;
    out.name = {"default", std::move(name)};
    out.ports.push_back(std::move(port));
    return out;
}

UdpFrontends settled(const ServicePlan& service) {
    UdpFrontends table;
    table.set_nodeport_addresses({ip("192.0.2.10")});
    table.committed(service);
    (void)table.take_suspects();
    return table;
}

TEST(UdpFrontends, ANewFrontendIsSuspectOnce) {
    UdpFrontends table;
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod1}));
    const UdpSuspects suspects = table.take_suspects();
    EXPECT_TRUE(suspects.stale(kDns, kDns)) << "never translated";
    EXPECT_TRUE(suspects.stale(kDns, kPod2));
    EXPECT_FALSE(suspects.stale(kDns, kPod1));
    EXPECT_FALSE(suspects.stale(at(kVip, 54), kPod2)) << "another port of the VIP";
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod1}));
    EXPECT_FALSE(table.has_suspects());
}

TEST(UdpFrontends, AnEndpointThatJoinsMakesNobodySuspect) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53)}, {kPod1}));
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod1, kPod2}));
    EXPECT_FALSE(table.has_suspects());
}

TEST(UdpFrontends, AnEndpointThatLeavesMakesItsFlowsStale) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53)}, {kPod1, kPod2}));
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod2}));
    const UdpSuspects suspects = table.take_suspects();
    EXPECT_TRUE(suspects.stale(kDns, kPod1));
    EXPECT_FALSE(suspects.stale(kDns, kPod2));
}

TEST(UdpFrontends, ARenumberedTargetPortIsAnotherEndpoint) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53)}, {kPod1}));
    table.committed(plan("dns", {vip(kVip, 53)}, {at("10.244.1.1", 5354)}));
    EXPECT_TRUE(table.take_suspects().stale(kDns, kPod1));
}

TEST(UdpFrontends, TheLastAndTheFirstEndpointMatter) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53)}, {kPod1}));
    table.committed(plan("dns", {vip(kVip, 53)}, {}));
    EXPECT_TRUE(table.take_suspects().stale(kDns, kPod1)) << "emptied";
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod2}));
    EXPECT_TRUE(table.take_suspects().stale(kDns, kDns)) << "first endpoint appeared";
}

TEST(UdpFrontends, FlowsOfADeletedServiceAreStaleButDirectOnesAreNot) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53)}, {kPod1}));
    table.removed({"default", "dns"});
    const UdpSuspects suspects = table.take_suspects();
    EXPECT_TRUE(suspects.stale(kDns, kPod1));
    EXPECT_FALSE(suspects.stale(kDns, kDns));
    EXPECT_EQ(table.size(), 0U);
}

TEST(UdpFrontends, AVipThatGoesIsStaleAndTheOthersStay) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53), vip("203.0.113.5", 53)}, {kPod1}));
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod1}));
    const UdpSuspects suspects = table.take_suspects();
    EXPECT_TRUE(suspects.stale(at("203.0.113.5", 53), kPod1));
    EXPECT_EQ(suspects.rules.size(), 1U);
}

TEST(UdpFrontends, AFrontendThatMovesBelongsToItsNewService) {
    for (const bool taker_first : {true, false}) {
        UdpFrontends table = settled(plan("old", {vip(kVip, 53)}, {kPod1}));
        if (taker_first) {
            table.committed(plan("new", {vip(kVip, 53)}, {kPod2}));
            table.removed({"default", "old"});
        } else {
            table.removed({"default", "old"});
            table.committed(plan("new", {vip(kVip, 53)}, {kPod2}));
        }
        const UdpSuspects suspects = table.take_suspects();
        EXPECT_TRUE(suspects.stale(kDns, kPod1));
        EXPECT_FALSE(suspects.stale(kDns, kPod2));
    }
}

TEST(UdpFrontends, OtherProtocolsAreNotItsBusiness) {
    UdpFrontends table;
    table.committed(plan("web", {vip(kVip, 80)}, {}, Protocol::tcp));
    table.committed(plan("sig", {vip(kVip, 81)}, {}, Protocol::sctp));
    EXPECT_FALSE(table.has_suspects());
    EXPECT_EQ(table.size(), 0U);
}

TEST(UdpFrontends, APortThatTurnsTcpLeavesStaleUdpFlows) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53)}, {kPod1}));
    table.committed(plan("dns", {vip(kVip, 53)}, {}, Protocol::tcp));
    EXPECT_TRUE(table.take_suspects().stale(kDns, kPod1));
}

TEST(UdpFrontends, NodePortsCountOnlyOnNodePortAddresses) {
    UdpFrontends table = settled(plan("dns", {node_port(30053)}, {kPod1}));
    table.committed(plan("dns", {node_port(30053)}, {kPod2}));
    const UdpSuspects suspects = table.take_suspects();
    EXPECT_TRUE(suspects.stale(at("192.0.2.10", 30053), kPod1));
    EXPECT_FALSE(suspects.stale(at("192.0.2.10", 30053), kPod2));
    EXPECT_FALSE(suspects.stale(at("198.51.100.1", 30053), at("198.51.100.1", 30053)))
        << "transit traffic to the same number";
}

TEST(UdpFrontends, LoopbackServesNodePortsToSocketsThatAreBoundToAnEndpoint) {
    UdpFrontends table = settled(plan("dns", {node_port(30053)}, {kPod1}));
    table.committed(plan("dns", {node_port(30053)}, {kPod2}));
    const UdpSuspects suspects = table.take_suspects();
    for (const char* loopback : {"127.0.0.1", "127.0.0.5"}) {
        EXPECT_TRUE(suspects.stale(at(loopback, 30053), kPod1));
        EXPECT_FALSE(suspects.stale(at(loopback, 30053), kPod2));
        EXPECT_FALSE(suspects.stale(at(loopback, 30053), at(loopback, 30053)))
            << "a server of the node's own";
        EXPECT_FALSE(suspects.stale(at(loopback, 30054), kPod1));
    }
}

TEST(UdpFrontends, AnAddressThatStartsToServeNodePortsMakesThemSuspect) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53), node_port(30053)}, {kPod1}));
    table.set_nodeport_addresses({ip("192.0.2.10"), ip("192.0.2.11")});
    const EndpointAddr fresh = at("192.0.2.11", 30053);
    EXPECT_TRUE(table.take_suspects().stale(fresh, fresh));
    table.set_nodeport_addresses({ip("192.0.2.10")});
    EXPECT_FALSE(table.has_suspects());
}

TEST(UdpFrontends, AVipWinsOverANodePortOfTheSameNumber) {
    UdpFrontends table = settled(plan("vip", {vip("192.0.2.10", 30053)}, {kPod2}));
    table.committed(plan("np", {node_port(30053)}, {kPod1}));
    EXPECT_FALSE(table.take_suspects().stale(at("192.0.2.10", 30053), kPod2));
}

TEST(UdpFrontends, OrphansOfAFormerProcessAreStaleUnlessSomebodyServesThem) {
    UdpFrontends table = settled(plan("dns", {vip(kVip, 53)}, {kPod1}));
    const EndpointAddr orphan = at("10.96.0.99", 53);
    const std::vector<EndpointAddr> orphans{kDns, orphan};
    table.orphaned(orphans);
    const UdpSuspects suspects = table.take_suspects();
    EXPECT_EQ(suspects.rules.size(), 1U);
    EXPECT_TRUE(suspects.stale(orphan, kPod1));
    EXPECT_FALSE(suspects.stale(orphan, orphan));
}

TEST(UdpFrontends, SuspectsThatCouldNotBeLookedAtComeBackWithCurrentEndpoints) {
    UdpFrontends table;
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod1}));
    const UdpSuspects failed = table.take_suspects();
    table.committed(plan("dns", {vip(kVip, 53)}, {kPod1, kPod2}));
    table.suspect_again(failed);
    EXPECT_FALSE(table.take_suspects().stale(kDns, kPod2));
}

}  // namespace
}  // namespace sy
