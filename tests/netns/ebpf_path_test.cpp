// Which clients and destinations are left to the packet path, memory of clients, and sockets that
// are ended.
#include <cerrno>
#include <chrono>
#include <thread>

#include "tests/netns/ebpf_fixture.h"

namespace sy::lab {
namespace {

using enum Place;

class EbpfPaths : public EbpfTest {
  protected:
    static constexpr std::array kInside{node, pod2};
    static constexpr std::array kTypes{Type::tcp, Type::udp};
    std::string only_server(Place from, Type type, const EndpointAddr& to) const {
        const std::set<std::string> seen = servers(from, kind(type), to, 12);
        return seen.size() == 1 ? *seen.begin() : "several";
    }
    static std::string other(const std::string& server) {
        return server == "pod1" ? "podr" : "pod1";
    }
    static Place place_of(const std::string& server) { return server == "pod1" ? pod1 : podr; }
};
SY_EBPF(EbpfPaths);

TEST_P(EbpfPaths, SourceRangesAreAffairsOfPackets) {
    put_web(web()
                .allow(at(node).to_string() + (family() == Family::ipv4 ? "/32" : "/128"))
                .allow(at(pod2).to_string() + (family() == Family::ipv4 ? "/32" : "/128")),
            {pod1});
    for (const Place from : kInside) {
        for (const Type type : kTypes) {
            EXPECT_TRUE(by_packets(from, type, {lb(1), port_of(type)}));
            for (const EndpointAddr& to :
                 {web_vip(type), web_node_port(), EndpointAddr{ext_ip(1), port_of(type)}}) {
                EXPECT_TRUE(by_socket(from, type, to));
            }
        }
    }
    // Without ranges the VIP comes over; with them it goes back.
    put_web({pod1});
    EXPECT_TRUE(by_socket(pod2, Type::tcp, {lb(1), Port(80)}));
    put_web(web().allow(allowed_network(family()).to_string()), {pod1});
    EXPECT_TRUE(silent({tcp(pod2, lb(1), Port(80)), udp(node, lb(1), Port(53))}));
}

TEST_P(EbpfPaths, ASourceFixedOnTheNodeIsHidden) {
    put_web({pod1, podr});
    for (const Type type : kTypes) {
        ClientSocket client(lab(), node, kind(type));
        ASSERT_EQ(client.bind({second_node_address(family()), Port()}), 0);
        ASSERT_EQ(client.connect_and_wait(web_vip(type)), 0);
        EXPECT_EQ((type == Type::tcp ? client.receive() : client.ask()).error, 0);
        EXPECT_EQ(tracked_destination(type, client.own()), vip(1).to_string());
    }
    // A pod has one address: bound to it or not makes no difference.
    ClientSocket client(lab(), pod2, kind(Type::tcp));
    ASSERT_EQ(client.bind({at(pod2), Port()}), 0);
    ASSERT_EQ(client.connect_and_wait(web_vip(Type::tcp)), 0);
    EXPECT_EQ(client.receive().greeting.client, client.own());
    EXPECT_NE(tracked_destination(Type::tcp, client.own()), vip(1).to_string());
}

TEST_P(EbpfPaths, MasqueradeAllIsForPackets) {
    cluster.facts.masquerade_all = true;
    put_web({pod1});
    EXPECT_TRUE(by_packets(pod2, Type::tcp, web_vip(Type::tcp)));
    EXPECT_TRUE(by_packets(pod2, Type::udp, web_vip(Type::udp)));
    EXPECT_TRUE(by_socket(node, Type::tcp, web_vip(Type::tcp)));
    cluster.facts.masquerade_all = false;
    cluster.must_sync();
    EXPECT_TRUE(by_socket(pod2, Type::tcp, web_vip(Type::tcp)));
}

TEST_P(EbpfPaths, WithoutADetectorExternalPolicyLocalCountsPodsAsStrangers) {
    cluster.facts.detector = NoDetector{};
    put_web(web().external_local(), {pod1, podr});
    EXPECT_TRUE(by_packets(pod2, Type::tcp, web_node_port()));
    EXPECT_EQ(servers(pod2, kind(Type::tcp), web_node_port()), (std::set<std::string>{"pod1"}));
    EXPECT_TRUE(by_socket(pod2, Type::tcp, web_vip(Type::tcp)));
    EXPECT_TRUE(by_socket(node, Type::tcp, web_node_port()));
    cluster.facts.detector = cidr_detector();
    cluster.must_sync();
    EXPECT_TRUE(by_socket(pod2, Type::tcp, web_node_port()));
}

TEST_P(EbpfPaths, CgroupsAndNamespacesOptOut) {
    const Result<std::string> folder = make_thread_cgroup(*lab().cgroup(), "quiet");
    ASSERT_TRUE(folder) << folder.error().message();
    const std::string mount_to_here = *folder;
    const std::size_t below = mount_to_here.find("/switchyard-test-");
    ASSERT_NE(below, std::string::npos);
    cluster.settings.ebpf.skip_cgroups = {mount_to_here.substr(below)};
    cluster.settings.ebpf.skip_netns = {lab().at(pod1).path()};
    cluster.restart();
    put_web({podr});
    EXPECT_TRUE(by_packets(pod1, Type::tcp, web_vip(Type::tcp)));
    EXPECT_TRUE(by_packets(pod1, Type::udp, web_vip(Type::udp)));
    EXPECT_TRUE(by_socket(pod2, Type::tcp, web_vip(Type::tcp)));
    {
        CgroupThread thread(*folder);
        ClientSocket client(
            [&](const auto& work) {
                thread.run([&] {
                    const Entered inside(lab().at(pod2));
                    work();
                });
            },
            kind(Type::tcp));
        ASSERT_EQ(client.connect_and_wait(web_vip(Type::tcp)), 0);
        EXPECT_EQ(client.receive().greeting.server, "podr");
        EXPECT_EQ(tracked_destination(Type::tcp, client.own()), vip(1).to_string());
    }
    ::rmdir(folder->c_str());
    cluster.settings.ebpf.skip_cgroups.clear();
    cluster.settings.ebpf.skip_netns.clear();
    cluster.restart();
    cluster.must_sync();
    EXPECT_TRUE(by_socket(pod1, Type::tcp, web_vip(Type::tcp)));
}

TEST_P(EbpfPaths, ClientsAreRememberedByTheirNamespace) {
    for (const Place from : kInside) {
        put_web(web().sticky(3600), {pod1, podr});
        const std::string first = only_server(from, Type::tcp, web_vip(Type::tcp));
        ASSERT_NE(first, "several");
        // All addresses of the port are one memory, and both kinds of sockets.
        EXPECT_EQ(only_server(from, Type::tcp, web_node_port()), first);
        EXPECT_EQ(only_server(from, Type::tcp, {lb(1), Port(80)}), first);
        // The endpoint leaves: the client moves, and stays where it is when it comes back.
        put_web(web().sticky(3600), {place_of(other(first))});
        EXPECT_EQ(only_server(from, Type::tcp, web_vip(Type::tcp)), other(first));
        put_web(web().sticky(3600), {pod1, podr});
        EXPECT_EQ(only_server(from, Type::tcp, web_vip(Type::tcp)), other(first));
        cluster.restart();
        cluster.must_sync();
        EXPECT_EQ(only_server(from, Type::tcp, web_vip(Type::tcp)), other(first));
        const std::string datagrams = only_server(from, Type::udp, web_vip(Type::udp));
        EXPECT_NE(datagrams, "several");
        put_web(web(), {pod1, podr});
        EXPECT_EQ(servers(from, kind(Type::tcp), web_vip(Type::tcp), 64).size(), 2u);
    }
}

TEST_P(EbpfPaths, TheMemoryOfAClientPasses) {
    put_web(web().sticky(1), {pod1, podr});
    const auto ask_once = [&] {
        return ask(pod2, kind(Type::tcp), web_vip(Type::tcp)).greeting.server;
    };
    const std::string first = ask_once();
    bool moved = false;
    for (int round = 0; round < 20 && !moved; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1300));
        moved = ask_once() != first;
    }
    EXPECT_TRUE(moved);
}

TEST_P(EbpfPaths, ConnectedUdpSocketsOfAnEndpointThatIsGoneAreEnded) {
    put_web({pod1});
    std::vector<ClientSocket> doomed;
    for (const Place from : kInside) {
        for (const SocketKind& each : kinds(Type::udp)) {
            doomed.emplace_back(lab(), from, each);
            ASSERT_EQ(doomed.back().connect(web_vip(Type::udp)), 0);
            ASSERT_EQ(doomed.back().ask().greeting.server, "pod1");
        }
    }
    ClientSocket direct(lab(), pod2, kind(Type::udp));
    ASSERT_EQ(direct.connect({at(pod1), kServerPort}), 0);
    put_web({podr});
    ClientSocket fresh(lab(), pod2, kind(Type::udp));
    ASSERT_EQ(fresh.connect(web_vip(Type::udp)), 0);

    const std::unique_ptr<SocketPruner> pruner = cluster.backend().socket_pruner();
    ASSERT_TRUE(pruner);
    const auto stale = [&](const EndpointAddr& destination, const EndpointAddr& answering) {
        return destination == web_vip(Type::udp) &&
               answering == EndpointAddr{at(pod1), kServerPort};
    };
    const auto prune = [&] {
        const Entered inside(lab().at(node));
        return pruner->prune(stale);
    };
    const Result<SocketPruner::Report> report = prune();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->ended_ipv4 + report->ended_ipv6, doomed.size());
    EXPECT_GE(report->seen, doomed.size() + 1);
    for (ClientSocket& client : doomed) {
        EXPECT_EQ(client.receive().error, ECONNABORTED);
        ASSERT_EQ(client.connect(web_vip(Type::udp)), 0);
        EXPECT_EQ(client.ask().greeting.server, "podr");
    }
    EXPECT_EQ(direct.ask().greeting.server, "pod1");
    EXPECT_EQ(fresh.ask().greeting.server, "podr");
    const Result<SocketPruner::Report> again = prune();
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->ended_ipv4 + again->ended_ipv6, 0u);
}

TEST_P(EbpfPaths, ServicesThatDoNotFitAreLeftToThePackets) {
    constexpr unsigned kServices = 12;
    cluster.settings.ebpf.max_services = 8;
    cluster.teardown();
    cluster.restart();
    const auto name = [](unsigned n) { return "shop/s" + std::to_string(n); };
    for (unsigned n = 1; n <= kServices; ++n) {
        cluster.put(service(name(n)).ip(vip(n)).port(80));
        cluster.put(pods(name(n), {pod1}));
    }
    const ApplyReport report = cluster.sync();
    EXPECT_FALSE(report.failure);
    EXPECT_FALSE(report.quarantined.empty());
    for (unsigned n = 1; n <= kServices; ++n) {
        EXPECT_TRUE(reaches(tcp(pod2, vip(n), Port(80)), {"pod1 kept"}, 1));
        EXPECT_TRUE(reaches(tcp(ext, vip(n), Port(80)), {"pod1 masq"}, 1));
    }
    for (const Quarantined& one : report.quarantined) {
        EXPECT_NE(one.error.message().find("--ebpf-max-services"), std::string::npos)
            << one.error.message();
    }
    for (unsigned n = 1; n <= kServices / 2; ++n) {
        cluster.remove(name(n));
    }
    (void)cluster.sync();
    cluster.restart();
    cluster.must_sync();
    for (unsigned n = kServices / 2 + 1; n <= kServices; ++n) {
        EXPECT_TRUE(by_socket(pod2, Type::tcp, {vip(n), Port(80)}));
    }
}

TEST_P(EbpfPaths, ConnectionsAreCountedByServicePort) {
    put_web({pod1});
    const std::unique_ptr<TrafficReader> reader = cluster.backend().traffic_reader();
    ASSERT_TRUE(reader);
    const auto counted = [&](Protocol protocol) {
        const Result<std::vector<PortTraffic>> all = reader->read();
        EXPECT_TRUE(all) << all.error().message();
        for (const PortTraffic& one : all ? *all : std::vector<PortTraffic>{}) {
            if (one.family == family() && one.protocol == protocol) {
                return one;
            }
        }
        return PortTraffic{};
    };
    const PortTraffic before = counted(Protocol::tcp);
    EXPECT_EQ(before.port, "shop/web:http");
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(ask(pod2, kind(Type::tcp), web_vip(Type::tcp)).error, 0);
    }
    EXPECT_EQ(counted(Protocol::tcp).connections, before.connections + 5);
    EXPECT_EQ(counted(Protocol::tcp).refusals, before.refusals);
    put_web({});
    EXPECT_EQ(ask(pod2, kind(Type::tcp), web_vip(Type::tcp)).error, ECONNREFUSED);
    EXPECT_EQ(counted(Protocol::tcp).refusals, before.refusals + 1);
    ClientSocket client(lab(), pod2, kind(Type::udp));
    const PortTraffic datagrams = counted(Protocol::udp);
    EXPECT_EQ(client.send_to(web_vip(Type::udp)), ECONNREFUSED);
    EXPECT_EQ(counted(Protocol::udp).refusals, datagrams.refusals + 1);
}

}  // namespace
}  // namespace sy::lab
