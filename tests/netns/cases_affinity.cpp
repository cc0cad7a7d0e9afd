// ClientIP affinity: cases 83 to 86.
#include <chrono>
#include <map>
#include <thread>

#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

constexpr uint32_t kLong = 10800;
constexpr uint32_t kShort = 1;

class AffinityCases : public PacketTest {
  protected:
    ServiceSpec web(uint32_t seconds) const {
        return service("shop/web")
            .ip(vip(1))
            .port(80)
            .node_port(30001)
            .load_balancer(lb(1))
            .sticky(seconds);
    }
    /// Where each of the first `n` clients of the crowd gets to: server names.
    std::vector<std::string> ask_all(unsigned n, const Flow& flow) const {
        std::vector<Flow> flows;
        for (unsigned i = 0; i < n; ++i) {
            flows.push_back(with_source(flow, crowd_address(family(), i)));
        }
        std::vector<std::string> servers;
        for (const Outcome& outcome : attempt(lab(), flows)) {
            EXPECT_EQ(outcome.kind, Outcome::Kind::answered) << describe(lab(), outcome);
            servers.push_back(outcome.greeting.server);
        }
        return servers;
    }
    Flow by_vip() const { return tcp(Place::ext, vip(1), Port(80)); }
    Flow by_node_port() const { return tcp(Place::ext, node_ip(), Port(30001)); }
    Flow by_lb() const { return tcp(Place::ext, lb(1), Port(80)); }
    static std::set<std::string> distinct(const std::vector<std::string>& servers) {
        return {servers.begin(), servers.end()};
    }
};
SY_EVERY_BACKEND(AffinityCases);

TEST_P(AffinityCases, ClientsStickAndVipsOfAPortShare) {
    cluster.put(web(kLong));
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    const std::vector<std::string> first = ask_all(40, by_vip());
    EXPECT_EQ(distinct(first).size(), 3u);
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(ask_all(40, by_vip()), first);
        EXPECT_EQ(ask_all(40, by_node_port()), first);
        EXPECT_EQ(ask_all(40, by_lb()), first);
    }
    EXPECT_EQ(reached(lab(), tcp(Place::pod1, vip(1), Port(80)), 16).size(), 1u);
    EXPECT_EQ(reached(lab(), tcp(Place::node, vip(1), Port(80)), 16).size(), 1u);
}

TEST_P(AffinityCases, LocalPolicySticksToLocalEndpoints) {
    cluster.put(web(kLong).external_local());
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    const std::vector<std::string> first = ask_all(40, by_lb());
    EXPECT_EQ(distinct(first), (std::set<std::string>{"pod1", "pod2"}));
    EXPECT_EQ(ask_all(40, by_lb()), first);
    EXPECT_EQ(ask_all(40, by_node_port()), first);
    // The node's short-circuit and its ClusterIP are one list.
    const Seen by_cluster_ip = reached(lab(), tcp(Place::node, vip(1), Port(80)), 8);
    EXPECT_EQ(by_cluster_ip.size(), 1u);
    EXPECT_EQ(reached(lab(), tcp(Place::node, lb(1), Port(80)), 8), by_cluster_ip);
}

TEST_P(AffinityCases, UdpSticks) {
    cluster.put(service("shop/u").ip(vip(2)).port(53, Protocol::udp).sticky(kLong));
    cluster.put(pods("shop/u", {Place::pod1, Place::podr}, Protocol::udp));
    cluster.must_sync();
    const Flow flow = udp(Place::ext, vip(2), Port(53));
    const std::vector<std::string> first = ask_all(40, flow);
    EXPECT_EQ(distinct(first).size(), 2u);
    EXPECT_EQ(ask_all(40, flow), first);
    EXPECT_EQ(ask_all(40, flow), first);
}

TEST_P(AffinityCases, PortsAreIndependent) {
    cluster.put(service("shop/web")
                    .ip(vip(1))
                    .port(80, Protocol::tcp, "a")
                    .port(81, Protocol::tcp, "b")
                    .sticky(kLong));
    SliceSpec spec =
        slice("shop/web", family()).port(8080, Protocol::tcp, "a").port(8081, Protocol::tcp, "b");
    on(spec, family(), Place::pod1);
    cluster.put(on(spec, family(), Place::podr));
    cluster.must_sync();
    const std::vector<std::string> a = ask_all(60, tcp(Place::ext, vip(1), Port(80)));
    const std::vector<std::string> b = ask_all(60, tcp(Place::ext, vip(1), Port(81)));
    EXPECT_NE(a, b);  // equal by chance once in 2^60
    EXPECT_EQ(ask_all(60, tcp(Place::ext, vip(1), Port(80))), a);
    EXPECT_EQ(ask_all(60, tcp(Place::ext, vip(1), Port(81))), b);
}

TEST_P(AffinityCases, MoreThanAHundredClientsPerEndpoint) {
    cluster.put(web(kLong));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_EQ(distinct(ask_all(200, by_node_port())), (std::set<std::string>{"pod1"}));
    // All 200 remember pod1, so the newcomer gets none of them.
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    EXPECT_EQ(distinct(ask_all(200, by_node_port())), (std::set<std::string>{"pod1"}));
}

TEST_P(AffinityCases, ExpiresAfterTheTimeout) {
    cluster.put(web(kShort));
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    const std::vector<std::string> first = ask_all(40, by_vip());
    bool moved = false;
    for (int round = 0; round < 20 && !moved; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1000 * kShort + 300));
        moved = ask_all(40, by_vip()) != first;
    }
    EXPECT_TRUE(moved);
}

TEST_P(AffinityCases, EachConnectionRefreshesTheTimeout) {
    constexpr uint32_t kSeconds = 2;
    cluster.put(web(kSeconds));
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    const auto now = [] { return std::chrono::steady_clock::now(); };
    // Twice the timeout in small steps. Only gaps that were really short count, so that a stalled
    // machine proves nothing instead of failing.
    auto asked = now();
    std::vector<std::string> last = ask_all(20, by_vip());
    unsigned compared = 0;
    for (int step = 0; step < 10; ++step) {
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
        const auto begun = now();
        std::vector<std::string> servers = ask_all(20, by_vip());
        if (now() - asked < std::chrono::seconds(kSeconds) - std::chrono::milliseconds(500)) {
            EXPECT_EQ(servers, last);
            ++compared;
        }
        asked = begun;
        last = std::move(servers);
    }
    std::cout << compared << " of 10 steps were short enough to compare\n";
}

TEST_P(AffinityCases, ClientsOfADeadEndpointMoveOnAndOthersStay) {
    cluster.put(web(kLong));
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    const std::vector<std::string> first = ask_all(60, by_node_port());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    const std::vector<std::string> second = ask_all(60, by_node_port());
    for (std::size_t i = 0; i < first.size(); ++i) {
        if (first[i] == "pod2") {
            EXPECT_NE(second[i], "pod2") << i;
        } else {
            EXPECT_EQ(second[i], first[i]) << i;
        }
    }
    EXPECT_EQ(ask_all(60, by_node_port()), second);
    // It comes back: whoever moved stays where it is now.
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    EXPECT_EQ(ask_all(60, by_node_port()), second);
}

TEST_P(AffinityCases, AnEndpointsMemoryIsNotInheritedByItsNeighbour) {
    // Removal of a middle endpoint, several times over: the others keep their clients.
    cluster.put(web(kLong));
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    std::vector<std::string> before = ask_all(60, by_vip());
    const std::vector<std::vector<Place>> steps{{Place::pod2, Place::podr},
                                                {Place::pod1, Place::pod2, Place::podr},
                                                {Place::pod1, Place::podr},
                                                {Place::podr},
                                                {Place::pod2, Place::podr}};
    for (const std::vector<Place>& places : steps) {
        cluster.put(pods("shop/web", places));
        cluster.must_sync();
        std::set<std::string> alive;
        for (Place place : places) {
            alive.insert(std::string(to_string(place)));
        }
        const std::vector<std::string> after = ask_all(60, by_vip());
        for (std::size_t i = 0; i < after.size(); ++i) {
            EXPECT_TRUE(alive.contains(after[i])) << after[i];
            if (alive.contains(before[i])) {
                EXPECT_EQ(after[i], before[i]) << i;
            }
        }
        before = after;
    }
}

TEST_P(AffinityCases, SwitchedAtRuntime) {
    const Flow flow = tcp(Place::ext, vip(1), Port(80));
    const auto plain = [&] { return service("shop/web").ip(vip(1)).port(80); };
    cluster.put(plain());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(flow, {"pod1 masq", "podr masq"}));
    cluster.put(plain().sticky(kLong));
    cluster.must_sync();
    EXPECT_EQ(reached(lab(), flow, 24).size(), 1u);
    cluster.put(plain().sticky(kLong / 2));  // another timeout
    cluster.must_sync();
    EXPECT_EQ(reached(lab(), flow, 24).size(), 1u);
    cluster.put(plain());
    cluster.must_sync();
    EXPECT_TRUE(reaches(flow, {"pod1 masq", "podr masq"}));
}

TEST_P(AffinityCases, MemorySurvivesARestart) {
    cluster.put(web(kLong));
    cluster.put(pods("shop/web", {Place::pod1, Place::pod2, Place::podr}));
    cluster.must_sync();
    const std::vector<std::string> first = ask_all(60, by_node_port());
    cluster.restart();
    EXPECT_EQ(ask_all(60, by_node_port()), first);
    cluster.must_sync();
    EXPECT_EQ(ask_all(60, by_node_port()), first);
}

TEST_P(AffinityCases, EmptyServiceRefusesAndStickyLocalOneDrops) {
    cluster.put(web(kLong));
    cluster.must_sync();
    EXPECT_TRUE(refused({by_vip(), by_node_port()}));
    cluster.put(web(kLong).external_local());
    cluster.put(pods("shop/web", {Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(silent({by_node_port(), by_lb()}));
    EXPECT_TRUE(reaches(tcp(Place::pod1, node_ip(), Port(30001)), {"podr kept"}, 8));
}

}  // namespace
}  // namespace sy::lab
