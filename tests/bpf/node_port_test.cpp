// NodePorts: on which addresses, and for whom.
#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

class NodePort : public HooksTest, public testing::WithParamInterface<Flavor> {
  protected:
    Flavor flavor() const override { return GetParam(); }

    void SetUp() override {
        HooksTest::SetUp();
        configure(SY_SETTING_LOOPBACK4 | SY_SETTING_LOOPBACK6);
        serve(1, {Place::pod2});
        serve_node_port(1);
        maps().node_address(at(Place::node));
    }

    /// The server that answers TCP, a connected and an unconnected UDP socket alike.
    void expect_answer(Place from, const EndpointAddr& to, const std::string& server) {
        Client tcp = client_at(from, Protocol::tcp);
        ASSERT_EQ(tcp.connect(to), 0) << lab::to_string(from);
        const std::optional<Reply> greeting = tcp.receive();
        ASSERT_TRUE(greeting);
        EXPECT_EQ(greeting->greeting.server, server);
        Client connected = client_at(from, Protocol::udp);
        ASSERT_EQ(connected.connect(to), 0);
        EXPECT_EQ(connected.peer(), to);
        ASSERT_EQ(connected.send(), 0);
        const std::optional<Reply> reply = connected.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->greeting.server, server);
        Client unconnected = client_at(from, Protocol::udp);
        const std::optional<Reply> datagram = unconnected.ask(to);
        ASSERT_TRUE(datagram);
        EXPECT_EQ(datagram->from, to);
        EXPECT_EQ(datagram->greeting.server, server);
    }
    std::vector<IpAddr> loopbacks() const {
        if (family() == Family::ipv6) {
            return {loopback()};
        }
        return {loopback(), IpAddr::v4(127, 0, 0, 5)};
    }
};

INSTANTIATE_TEST_SUITE_P(Sockets, NodePort, testing::ValuesIn(kFlavors),
                         [](const auto& test) { return test.param.to_string(); });

TEST_P(NodePort, OnAnAddressOfTheNode) {
    for (const Place from : {Place::node, Place::pod1, Place::pod2}) {
        expect_answer(from, node_port(at(Place::node)), "pod2");
    }
}

TEST_P(NodePort, OnLoopbackForTheNode) {
    for (const IpAddr& address : loopbacks()) {
        expect_answer(Place::node, node_port(address), "pod2");
    }
}

// Pitfall: else every pod's own 127.0.0.1 would be taken from it.
TEST_P(NodePort, NotOnThePodsOwnLoopback) {
    for (const IpAddr& address : loopbacks()) {
        Client tcp = client_at(Place::pod1, Protocol::tcp);
        EXPECT_EQ(tcp.connect(node_port(address)), ECONNREFUSED);
    }
    EXPECT_EQ(statistic(SY_STAT_HIT), 0);
}

TEST_P(NodePort, OnLoopbackOnlyIfSetSo) {
    configure(family() == Family::ipv4 ? SY_SETTING_LOOPBACK6 : SY_SETTING_LOOPBACK4);
    EXPECT_EQ(client(Protocol::tcp).connect(node_port(loopback())), ECONNREFUSED);
}

TEST_P(NodePort, OnTheUnspecifiedAddressAsOnLoopback) {
    Client tcp = client(Protocol::tcp);
    ASSERT_EQ(tcp.connect(node_port(unspecified(family()))), 0);
    EXPECT_TRUE(tcp.receive());
    Client pod = client_at(Place::pod1, Protocol::tcp);
    EXPECT_EQ(pod.connect(node_port(unspecified(family()))), ECONNREFUSED);
}

TEST_P(NodePort, NotForASocketBoundToLoopback) {
    Client tcp = client(Protocol::tcp);
    ASSERT_EQ(tcp.bind(loopback()), 0);
    EXPECT_EQ(tcp.connect(node_port(loopback())), ECONNREFUSED);
    EXPECT_EQ(statistic(SY_STAT_SKIPPED), 1);
}

TEST_P(NodePort, NotOnOtherAddresses) {
    for (const IpAddr& address :
         {lab::second_node_address(family()), at(Place::pod1), at(Place::node2)}) {
        Client tcp = client_at(Place::pod2, Protocol::tcp);
        EXPECT_EQ(tcp.connect(node_port(address)), ECONNREFUSED) << address.to_string();
    }
    EXPECT_EQ(statistic(SY_STAT_HIT), 0);
}

TEST_P(NodePort, LeavesTheNodesOwnServersAlone) {
    Client tcp = client_at(Place::pod1, Protocol::tcp);
    ASSERT_EQ(tcp.connect(server(Place::node)), 0);
    const std::optional<Reply> reply = tcp.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->greeting.server, "node");
}

}  // namespace
}  // namespace sy::bpf_test
