// Connected sockets: TCP and UDP, of the node and of pods, in both families and between them.
#include <functional>

#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

using testing::AnyOf;

class Connect : public SocketTest {};

INSTANTIATE_TEST_SUITE_P(Sockets, Connect,
                         testing::Combine(testing::ValuesIn(kFlavors),
                                          testing::Values(Place::node, Place::pod1)),
                         name_of);

TEST_P(Connect, TcpReachesEveryEndpoint) {
    serve(1, pods());
    expect_all({"pod1", "pod2", "podr"}, [&]() -> std::string {
        Client tcp = client(Protocol::tcp);
        EXPECT_EQ(tcp.connect(vip(1)), 0);
        const std::optional<Reply> reply = tcp.receive();
        if (!reply) {
            return "nothing";
        }
        EXPECT_EQ(reply->greeting.client.port, tcp.own().port);
        EXPECT_EQ(reply->greeting.client.ip, tcp.own().ip) << "no masquerade";
        return reply->greeting.server;
    });
}

TEST_P(Connect, GetpeernameShowsTheVipOfTcpIfSetSo) {
    serve(1, {Place::pod2});
    Client plain = client(Protocol::tcp);
    ASSERT_EQ(plain.connect(vip(1)), 0);
    EXPECT_EQ(plain.peer(), server(Place::pod2));
    configure(SY_SETTING_PEERNAME);
    Client tcp = client(Protocol::tcp);
    ASSERT_EQ(tcp.connect(vip(1)), 0);
    EXPECT_EQ(tcp.peer(), vip(1));
    Client direct = client(Protocol::tcp);
    ASSERT_EQ(direct.connect(server(Place::pod2)), 0);
    EXPECT_EQ(direct.peer(), server(Place::pod2));
}

TEST_P(Connect, TcpWithoutBlocking) {
    configure(SY_SETTING_PEERNAME);
    serve(1, {Place::podr});
    Client tcp = client(Protocol::tcp);
    EXPECT_THAT(tcp.connect_at_once(vip(1)), AnyOf(0, EINPROGRESS));
    EXPECT_EQ(tcp.finish(), 0);
    EXPECT_EQ(tcp.peer(), vip(1));
}

TEST_P(Connect, TcpTriedAgainElsewhereForgetsTheVip) {
    configure(SY_SETTING_PEERNAME);
    serve(1, {Place::pod2});
    maps().list(id_of(1, Protocol::tcp), 8, std::array{EndpointAddr{at(Place::pod2), Port(9)}});
    Client tcp = client(Protocol::tcp);
    EXPECT_EQ(tcp.connect(vip(1)), ECONNREFUSED) << "nobody listens there";
    EXPECT_EQ(tcp.connect(server(Place::pod2)), 0);
    EXPECT_EQ(tcp.peer(), server(Place::pod2));
}

TEST_P(Connect, UdpReachesEveryEndpointAndShowsTheVip) {
    serve(1, pods());
    expect_all({"pod1", "pod2", "podr"}, [&]() -> std::string {
        Client udp = client(Protocol::udp);
        EXPECT_EQ(udp.connect(vip(1)), 0);
        EXPECT_EQ(udp.peer(), vip(1));
        std::set<std::string> servers;
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(udp.send(), 0);
            const std::optional<Reply> reply = udp.receive();
            if (!reply) {
                return "nothing";
            }
            EXPECT_EQ(reply->from, vip(1));
            servers.insert(reply->greeting.server);
        }
        EXPECT_EQ(servers.size(), 1) << "a connected socket stays";
        return *servers.begin();
    });
}

TEST_P(Connect, CountsConnectionsPerService) {
    serve(1, {Place::pod2});
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(client(Protocol::tcp).connect(vip(1)), 0);
    }
    Client udp = client(Protocol::udp);
    ASSERT_EQ(udp.connect(vip(1)), 0);
    EXPECT_EQ(udp.send(), 0);
    EXPECT_TRUE(udp.receive());
    EXPECT_EQ(maps().counters(id_of(1, Protocol::tcp)).connections, 3);
    EXPECT_EQ(maps().counters(id_of(1, Protocol::udp)).connections, 1);
    EXPECT_EQ(maps().counters(id_of(1, Protocol::udp)).refusals, 0);
    EXPECT_EQ(statistic(SY_STAT_HIT), 4);
}

// Pitfall: send() on a connected IPv6 socket that speaks IPv4 runs sendmsg4.
TEST_P(Connect, UdpGoesOnWhenItsServiceIsRefusedOrChanged) {
    serve(1, {Place::pod2});
    Client udp = client(Protocol::udp);
    ASSERT_EQ(udp.connect(vip(1)), 0);
    change(1, Protocol::udp, {}, SY_SERVICE_REJECT);
    maps().frontend({server(Place::pod2).ip, server(Place::pod2).port, Protocol::udp},
                    id_of(1, Protocol::udp));  // not even if the endpoint is itself a frontend
    EXPECT_EQ(udp.send(), 0);
    const std::optional<Reply> reply = udp.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->greeting.server, "pod2");
    EXPECT_EQ(reply->from, vip(1));
}

TEST_P(Connect, SendtoTheVipOfAConnectedSocketGoesToItsEndpoint) {
    serve(1, pods());
    Client udp = client(Protocol::udp);
    ASSERT_EQ(udp.connect(vip(1)), 0);
    ASSERT_EQ(udp.send(), 0);
    const std::optional<Reply> first = udp.receive();
    ASSERT_TRUE(first);
    for (int i = 0; i < 10; ++i) {
        const std::optional<Reply> reply = udp.ask(vip(1));
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->greeting.server, first->greeting.server);
        EXPECT_EQ(reply->from, vip(1));
    }
}

TEST_P(Connect, UdpConnectedDirectlyToAnEndpointShowsTheEndpoint) {
    serve(1, {Place::pod2});
    Client udp = client(Protocol::udp);
    const std::optional<Reply> through = udp.ask(vip(1));
    ASSERT_TRUE(through);
    EXPECT_EQ(through->from, vip(1));
    ASSERT_EQ(udp.connect(server(Place::pod2)), 0);
    EXPECT_EQ(udp.peer(), server(Place::pod2));
    ASSERT_EQ(udp.send(), 0);
    const std::optional<Reply> direct = udp.receive();
    ASSERT_TRUE(direct);
    EXPECT_EQ(direct->from, server(Place::pod2)) << "what it sent before says nothing";
}

// Pitfall: what a socket was connected to outlives connect(AF_UNSPEC).
TEST_P(Connect, UdpDisconnectedShowsTheVipItSendsToNow) {
    serve(1, {Place::pod2});
    serve(2, {Place::pod2});
    Client udp = client(Protocol::udp);
    ASSERT_EQ(udp.connect(vip(1)), 0);
    ASSERT_EQ(udp.disconnect(), 0);
    const std::optional<Reply> other = udp.ask(vip(2));
    ASSERT_TRUE(other);
    EXPECT_EQ(other->from, vip(2));
    const std::optional<Reply> same = udp.ask(vip(1));
    ASSERT_TRUE(same);
    EXPECT_EQ(same->from, vip(1));
    // The former peer's other port: an IPv6 socket hears nobody else even now (Linux 6.18).
    const EndpointAddr other_port{at(Place::pod2), lab::kOtherServerPort};
    const std::optional<Reply> direct = udp.ask(other_port);
    ASSERT_TRUE(direct);
    EXPECT_EQ(direct->from, other_port);
}

TEST_P(Connect, AffinityHolds) {
    serve(1, pods(), SY_SERVICE_AFFINITY);
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        maps().affinity(id_of(1, protocol), 10800, id_of(1, protocol));
    }
    std::set<std::string> servers;
    for (int i = 0; i < 20; ++i) {
        Client tcp = client(Protocol::tcp);
        ASSERT_EQ(tcp.connect(vip(1)), 0);
        const std::optional<Reply> reply = tcp.receive();
        ASSERT_TRUE(reply);
        servers.insert(reply->greeting.server);
    }
    EXPECT_EQ(servers.size(), 1);
    EXPECT_TRUE(maps().remembered(
        {.netns = cookie_of(place()), .group = id_of(1, Protocol::tcp), .reserved = 0}));
}

class Source : public HooksTest, public testing::WithParamInterface<Flavor> {
  protected:
    Flavor flavor() const override { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Sockets, Source, testing::ValuesIn(kFlavors),
                         [](const auto& test) { return test.param.to_string(); });

TEST_P(Source, APodReachesItselfWithItsOwnAddress) {
    serve(1, {Place::pod1});
    Client tcp = client_at(Place::pod1, Protocol::tcp);
    ASSERT_EQ(tcp.connect(vip(1)), 0);
    const std::optional<Reply> reply = tcp.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->greeting.server, "pod1");
    EXPECT_EQ(reply->greeting.client.ip, at(Place::pod1));
}

// Pitfall: a UDP socket that is connected again keeps its first source address, which the next
// endpoint may not be able to answer to.
TEST_P(Source, OfTheNodeIsLeftToThePacketPathOnceFixed) {
    serve(1, {Place::pod2});
    serve(2, {Place::podr});
    Client udp = client(Protocol::udp);
    ASSERT_EQ(udp.connect(vip(1)), 0);
    EXPECT_EQ(statistic(SY_STAT_HIT), 1);
    ASSERT_EQ(udp.connect(vip(2)), 0);
    EXPECT_EQ(statistic(SY_STAT_HIT), 1);
    EXPECT_EQ(statistic(SY_STAT_SKIPPED), 1);
    ASSERT_EQ(udp.disconnect(), 0);
    ASSERT_EQ(udp.connect(vip(2)), 0);
    EXPECT_EQ(statistic(SY_STAT_HIT), 2) << "AF_UNSPEC sets it free";
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        Client bound = client(protocol);
        ASSERT_EQ(bound.bind(at(Place::node)), 0);
        EXPECT_THAT(bound.connect_at_once(vip(1)), AnyOf(0, EINPROGRESS));
    }
    EXPECT_EQ(statistic(SY_STAT_HIT), 2);
    EXPECT_EQ(statistic(SY_STAT_SKIPPED), 3);
}

TEST_P(Source, OfTheNodeIsLeftToThePacketPathForSendtoToo) {
    serve(1, {Place::pod2});
    Client bound = client(Protocol::udp);
    ASSERT_EQ(bound.bind(at(Place::node)), 0);
    EXPECT_EQ(bound.send_to(vip(1)), 0);
    EXPECT_EQ(statistic(SY_STAT_SKIPPED), 1);
    EXPECT_EQ(statistic(SY_STAT_HIT), 0);
    Client anywhere = client(Protocol::udp);
    ASSERT_EQ(anywhere.bind(unspecified(family())), 0);
    EXPECT_TRUE(anywhere.ask(vip(1)));
    EXPECT_EQ(statistic(SY_STAT_HIT), 1);
}

TEST_P(Source, OfAPodMayBeFixed) {
    serve(1, {Place::podr});
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        Client bound = client_at(Place::pod1, protocol);
        ASSERT_EQ(bound.bind(at(Place::pod1)), 0);
        ASSERT_EQ(bound.connect(vip(1)), 0);
        ASSERT_EQ(bound.send(), 0);
        const std::optional<Reply> reply = bound.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->greeting.client.ip, at(Place::pod1));
    }
}

// A pod has one address, so its sockets may be connected again and again.
TEST_P(Source, OfAPodAllowsToConnectUdpAgain) {
    serve(1, {Place::pod2});
    serve(2, {Place::podr});
    Client udp = client_at(Place::pod1, Protocol::udp);
    const auto expect_peer = [&](const EndpointAddr& to, const std::string& server) {
        ASSERT_EQ(udp.connect(to), 0);
        EXPECT_EQ(udp.peer(), to);
        ASSERT_EQ(udp.send(), 0);
        const std::optional<Reply> reply = udp.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->from, to);
        EXPECT_EQ(reply->greeting.server, server);
    };
    expect_peer(vip(1), "pod2");
    expect_peer(server(Place::pod2), "pod2");
    expect_peer(vip(2), "podr");
    expect_peer(vip(1), "pod2");
}

TEST_P(Source, OnLoopbackIsLeftAloneEverywhere) {
    serve(1, {Place::pod2});
    for (const Place where : {Place::node, Place::pod1}) {
        Client bound = client_at(where, Protocol::udp);
        ASSERT_EQ(bound.bind(loopback()), 0);
        (void)bound.connect(vip(1));  // whether it may leave loopback is the kernel's affair
    }
    EXPECT_EQ(statistic(SY_STAT_HIT), 0);
    EXPECT_EQ(statistic(SY_STAT_SKIPPED), 2);
}

}  // namespace
}  // namespace sy::bpf_test
