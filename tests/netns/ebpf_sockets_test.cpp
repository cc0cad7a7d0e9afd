// What the socket calls of processes on the node show: every hook, both families.
#include <cerrno>
#include <chrono>
#include <map>
#include <thread>

#include "tests/netns/ebpf_fixture.h"

namespace sy::lab {
namespace {

using enum Place;

class EbpfSockets : public EbpfTest {
  protected:
    static constexpr std::array kInside{node, pod2};
    static constexpr std::array kTypes{Type::tcp, Type::udp};
};
SY_EBPF(EbpfSockets);

TEST_P(EbpfSockets, ThePeerIsTheVipAndEveryEndpointIsHit) {
    put_web({pod1, pod2, podr});
    for (const Place from : kInside) {
        for (const Type type : kTypes) {
            for (const SocketKind& each : kinds(type)) {
                std::set<std::string> seen;
                for (int i = 0; i < 200 && seen.size() < 3; ++i) {
                    ClientSocket client(lab(), from, each);
                    ASSERT_EQ(client.connect_and_wait(web_vip(type)), 0);
                    EXPECT_EQ(client.peer(), web_vip(type));
                    const auto answer = type == Type::tcp ? client.receive() : client.ask();
                    ASSERT_EQ(answer.error, 0);
                    EXPECT_EQ(answer.from, web_vip(type));
                    EXPECT_EQ(answer.greeting.client, client.own());
                    seen.insert(answer.greeting.server);
                }
                EXPECT_EQ(seen, (std::set<std::string>{"pod1", "pod2", "podr"}));
            }
        }
    }
}

TEST_P(EbpfSockets, PacketsNeverCarryTheVip) {
    put_web({pod1});
    for (const Type type : kTypes) {
        for (const EndpointAddr& to :
             {web_vip(type), web_node_port(), EndpointAddr{lb(1), port_of(type)},
              EndpointAddr{ext_ip(1), port_of(type)}}) {
            for (const Place from : kInside) {
                EXPECT_TRUE(by_socket(from, type, to)) << to.ip.to_string();
            }
        }
    }
}

TEST_P(EbpfSockets, ThoseOutsideTheCgroupAreLeftToThePackets) {
    put_web({pod1});
    for (const Place from : kInside) {
        ClientSocket client(
            [&](const auto& work) {
                const Entered inside(lab().at(from));
                work();
            },
            kind(Type::tcp));
        ASSERT_EQ(client.connect_and_wait(web_vip(Type::tcp)), 0);
        EXPECT_EQ(client.receive().greeting.server, "pod1");
        EXPECT_EQ(tracked_destination(Type::tcp, client.own()), vip(1).to_string());
    }
    EXPECT_TRUE(by_packets(podr, Type::tcp, web_vip(Type::tcp)));
}

TEST_P(EbpfSockets, AnUnconnectedSocketStaysWithOneEndpoint) {
    put_web({pod1, pod2, podr});
    for (const Place from : kInside) {
        for (const SocketKind& each : kinds(Type::udp)) {
            std::set<std::string> seen;
            for (int i = 0; i < 200 && seen.size() < 3; ++i) {
                ClientSocket client(lab(), from, each);
                const auto first = client.ask(web_vip(Type::udp));
                ASSERT_EQ(first.error, 0);
                EXPECT_EQ(first.from, web_vip(Type::udp));
                for (int more = 0; more < 5; ++more) {
                    const auto next = client.ask(web_vip(Type::udp));
                    EXPECT_EQ(next.greeting.server, first.greeting.server);
                    EXPECT_EQ(next.from, web_vip(Type::udp));
                }
                seen.insert(first.greeting.server);
            }
            EXPECT_EQ(seen.size(), 3u);
        }
    }
}

TEST_P(EbpfSockets, AnUnconnectedSocketLeavesAnEndpointThatIsGone) {
    put_web({pod1});
    ClientSocket client(lab(), pod2, kind(Type::udp));
    EXPECT_EQ(client.ask(web_vip(Type::udp)).greeting.server, "pod1");
    put_web({podr});
    for (int i = 0; i < 4; ++i) {
        const auto answer = client.ask(web_vip(Type::udp));
        EXPECT_EQ(answer.greeting.server, "podr");
        EXPECT_EQ(answer.from, web_vip(Type::udp));
    }
    put_web({});
    EXPECT_EQ(client.send_to(web_vip(Type::udp)), ECONNREFUSED);
    put_web({pod1});
    EXPECT_EQ(client.ask(web_vip(Type::udp)).greeting.server, "pod1");
}

TEST_P(EbpfSockets, OneSocketAndManyVips) {
    // More VIPs than a socket remembers, and all with the same endpoint: in lockstep every reply
    // is still told apart.
    constexpr unsigned kVips = 6;
    for (unsigned n = 1; n <= kVips; ++n) {
        const std::string name = "shop/u" + std::to_string(n);
        cluster.put(service(name).ip(vip(n)).port(53, Protocol::udp));
        cluster.put(pods(name, {pod1}, Protocol::udp));
    }
    cluster.must_sync();
    for (const SocketKind& each : kinds(Type::udp)) {
        ClientSocket client(lab(), pod2, each);
        for (unsigned i = 0; i < 5 * kVips; ++i) {
            const EndpointAddr to{vip(1 + i % kVips), Port(53)};
            EXPECT_EQ(client.ask(to).from, to);
        }
        // To the endpoint itself the answer comes from the endpoint, or from the VIP used last.
        EXPECT_EQ(client.ask({at(podr), kServerPort}).from, (EndpointAddr{at(podr), kServerPort}));
    }
}

TEST_P(EbpfSockets, AUdpSocketConnectedAgainAndAgain) {
    cluster.put(service("shop/other").ip(vip(2)).port(53, Protocol::udp));
    cluster.put(pods("shop/other", {podr}, Protocol::udp));
    put_web({pod1});
    const EndpointAddr other{vip(2), Port(53)};
    const EndpointAddr direct{at(pod1), kServerPort};
    for (const Place from : kInside) {
        for (const SocketKind& each : kinds(Type::udp)) {
            ClientSocket client(lab(), from, each);
            for (const EndpointAddr& to : {web_vip(Type::udp), direct, other, web_vip(Type::udp),
                                           other, direct, web_vip(Type::udp)}) {
                ASSERT_EQ(client.connect(to), 0);
                EXPECT_EQ(client.peer(), to);
                const auto answer = client.ask();
                EXPECT_EQ(answer.error, 0) << to_string(from) << " to " << to.ip.to_string();
                EXPECT_EQ(answer.from, to);
                EXPECT_EQ(answer.greeting.server, to == other ? "podr" : "pod1");
            }
            ASSERT_EQ(client.disconnect(), 0);
            if (family() == Family::ipv6) {
                continue;  // Linux goes on delivering what the former peer sends only
            }
            for (const EndpointAddr& to : {other, web_vip(Type::udp)}) {
                const auto answer = client.ask(to);
                EXPECT_EQ(answer.error, 0) << to_string(from);
                EXPECT_EQ(answer.from, to);
            }
        }
    }
}

TEST_P(EbpfSockets, NodePortsOnLoopbackAreTheNodesOnly) {
    put_web({pod1, podr});
    std::vector<IpAddr> addresses{loopback()};
    if (family() == Family::ipv4) {
        addresses.push_back(IpAddr::v4(127, 0, 0, 5));
    }
    for (const IpAddr& address : addresses) {
        const EndpointAddr to{address, kNodePort};
        for (const SocketKind& each : kinds(Type::tcp)) {
            EXPECT_EQ(servers(node, each, to), (std::set<std::string>{"pod1", "podr"}));
            EXPECT_EQ(servers(pod2, each, to, 2),
                      (std::set<std::string>{"error " + std::to_string(ECONNREFUSED)}));
        }
        ClientSocket client(lab(), node, kind(Type::udp));
        const auto answer = client.ask(to);
        EXPECT_EQ(answer.error, 0);
        EXPECT_EQ(answer.from, to);
    }
    // Bound to loopback, a socket could reach no endpoint.
    ClientSocket bound(lab(), node, kind(Type::tcp));
    ASSERT_EQ(bound.bind({loopback(), Port()}), 0);
    EXPECT_EQ(bound.connect_and_wait({loopback(), kNodePort}), ECONNREFUSED);
}

TEST_P(EbpfSockets, NodePortsOfOtherNodesAreTheirs) {
    put_web({pod1});
    EXPECT_EQ(servers(pod2, kind(Type::tcp), {at(node2), kNodePort}, 2),
              (std::set<std::string>{"error " + std::to_string(ECONNREFUSED)}));
}

TEST_P(EbpfSockets, InternalPolicyLocal) {
    put_web(web().internal_local(), {pod1, podr});
    for (const Place from : kInside) {
        EXPECT_EQ(servers(from, kind(Type::tcp), web_vip(Type::tcp)),
                  (std::set<std::string>{"pod1"}));
        EXPECT_EQ(servers(from, kind(Type::tcp), web_node_port(), 64),
                  (std::set<std::string>{"pod1", "podr"}));
    }
}

TEST_P(EbpfSockets, ExternalPolicyLocalIsForThoseOutside) {
    put_web(web().external_local(), {pod1, podr});
    for (const Place from : kInside) {
        for (const EndpointAddr& to :
             {web_node_port(), EndpointAddr{lb(1), Port(80)}, EndpointAddr{ext_ip(1), Port(80)}}) {
            EXPECT_EQ(servers(from, kind(Type::tcp), to, 64),
                      (std::set<std::string>{"pod1", "podr"}));
            EXPECT_TRUE(by_socket(from, Type::tcp, to));
        }
    }
}

TEST_P(EbpfSockets, AServiceWithoutEndpointsRefusesInTheCallItself) {
    put_web({});
    for (const Place from : kInside) {
        for (const EndpointAddr& to :
             {web_vip(Type::tcp), web_node_port(), EndpointAddr{lb(1), Port(80)},
              EndpointAddr{ext_ip(1), Port(80)}}) {
            for (const SocketKind& each : kinds(Type::tcp)) {
                ClientSocket client(lab(), from, each);
                EXPECT_EQ(client.connect(to), ECONNREFUSED);
            }
        }
        for (const SocketKind& each : kinds(Type::udp)) {
            ClientSocket client(lab(), from, each);
            EXPECT_EQ(client.send_to(web_vip(Type::udp)), ECONNREFUSED);
            EXPECT_EQ(client.send_to(web_node_port()), ECONNREFUSED);
        }
    }
}

TEST_P(EbpfSockets, AConnectedUdpSocketHealsWhenEndpointsCome) {
    put_web({});
    ClientSocket client(lab(), pod2, kind(Type::udp));
    ASSERT_EQ(client.connect(web_vip(Type::udp)), 0);
    EXPECT_EQ(client.ask().error, ECONNREFUSED);
    put_web({pod1});
    const auto answer = client.ask();
    EXPECT_EQ(answer.error, 0);
    EXPECT_EQ(answer.greeting.server, "pod1");
}

TEST_P(EbpfSockets, ADroppedConnectGoesOnWhenAnEndpointComes) {
    put_web(web().internal_local(), {podr});
    for (const Place from : kInside) {
        ClientSocket client(lab(), from, kind(Type::tcp));
        ASSERT_EQ(client.connect(web_vip(Type::tcp)), EINPROGRESS);
        EXPECT_EQ(client.connected(kSilence), ETIMEDOUT);
        put_web(web().internal_local(), {podr, pod1});
        EXPECT_EQ(client.connected(), 0);  // the retry of its SYN
        EXPECT_EQ(client.receive().greeting.server, "pod1");
        put_web(web().internal_local(), {podr});
    }
}

TEST_P(EbpfSockets, APodReachesItselfAsItself) {
    put_web({pod1});
    for (const Type type : kTypes) {
        ClientSocket client(lab(), pod1, kind(type));
        ASSERT_EQ(client.connect_and_wait(web_vip(type)), 0);
        const auto answer = type == Type::tcp ? client.receive() : client.ask();
        EXPECT_EQ(answer.error, 0);
        EXPECT_EQ(answer.greeting.client, (EndpointAddr{at(pod1), client.own().port}));
    }
}

TEST_P(EbpfSockets, PeernamesCanBeLeftAlone) {
    cluster.settings.ebpf.show_vip = false;
    cluster.restart();
    put_web({pod1});
    ClientSocket tcp(lab(), pod2, kind(Type::tcp));
    ASSERT_EQ(tcp.connect_and_wait(web_vip(Type::tcp)), 0);
    EXPECT_EQ(tcp.peer(), (EndpointAddr{at(pod1), kServerPort}));
    ClientSocket udp(lab(), pod2, kind(Type::udp));  // replies must come from whom one asked
    ASSERT_EQ(udp.connect(web_vip(Type::udp)), 0);
    EXPECT_EQ(udp.peer(), web_vip(Type::udp));
}

}  // namespace
}  // namespace sy::lab
