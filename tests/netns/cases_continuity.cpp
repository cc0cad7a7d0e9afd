// Nothing a client can notice: established connections outlive every update, and new ones find an
// endpoint at every instant of it.
#include <chrono>
#include <thread>

#include "tests/support/backend_fixture.h"
#include "tests/support/outside_view.h"
#include "tests/support/traffic.h"

namespace sy::lab {
namespace {

class ContinuityCases : public PacketTest {
  protected:
    ServiceSpec web() const {
        return service("shop/web").ip(vip(1)).port(80).node_port(30001).load_balancer(lb(1));
    }
    static constexpr int kPerFlow = 3;
    /// Sessions by VIP first; the last two flows are by NodePort.
    std::vector<Session> open_everywhere() const {
        std::vector<Session> sessions;
        for (const Flow& flow :
             {tcp(Place::pod2, vip(1), Port(80)), tcp(Place::node, vip(1), Port(80)),
              unbound(tcp(Place::node, vip(1), Port(80))), tcp(Place::pod2, lb(1), Port(80)),
              tcp(Place::ext, vip(1), Port(80)), tcp(Place::ext, lb(1), Port(80)),
              tcp(Place::pod1, vip(1), Port(80)), tcp(Place::blk, lb(1), Port(80)),
              tcp(Place::ext, node_ip(), Port(30001)), tcp(Place::node, node_ip(), Port(30001))}) {
            for (int i = 0; i < kPerFlow; ++i) {
                sessions.push_back(Session::open(lab(), flow));
                EXPECT_TRUE(sessions.back()) << flow.to_string();
            }
        }
        return sessions;
    }
    static void expect_alive(std::vector<Session>& sessions, const std::string& when) {
        for (std::size_t i = 0; i < sessions.size(); ++i) {
            EXPECT_TRUE(sessions[i].echo(when)) << when << ", session " << i;
        }
    }
    /// All outcomes are answers of one of `servers`.
    static void expect_answers(Traffic& traffic, const std::set<std::string>& servers) {
        unsigned long total = 0;
        for (const auto& [outcome, count] : traffic.stop()) {
            const std::string server = outcome.substr(0, outcome.find(' '));
            EXPECT_TRUE(servers.contains(server))
                << traffic.flow().to_string() << ": " << count << " times " << outcome;
            total += count;
        }
        EXPECT_GT(total, 0u);
    }
    void load_many(unsigned from, unsigned to) {
        for (unsigned n = from; n < to; ++n) {
            const std::string name = "bulk/s" + std::to_string(n);
            cluster.put(service(name).ip(bulk_ip(n)).port(80));
            cluster.put(pods(name, {Place::pod1}));
        }
    }
    void unload_many(unsigned from, unsigned to) {
        for (unsigned n = from; n < to; ++n) {
            cluster.remove("bulk/s" + std::to_string(n));
        }
    }
    IpAddr bulk_ip(unsigned n) const { return lab::bulk_ip(family(), n); }
};
SY_EVERY_BACKEND(ContinuityCases);

TEST_P(ContinuityCases, EstablishedConnectionsOutliveEveryUpdate) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    std::vector<Session> sessions = open_everywhere();
    expect_alive(sessions, "at first");
    cluster.put(pods("shop/web", {Place::pod2}));
    cluster.must_sync();
    expect_alive(sessions, "endpoints replaced");
    cluster.put(pods("shop/web", {}));
    cluster.must_sync();
    expect_alive(sessions, "no endpoints");
    cluster.put(
        web().external_local().internal_local().allow(allowed_network(family()).to_string()));
    cluster.put(pods("shop/web", {Place::podr}));
    cluster.must_sync();
    expect_alive(sessions, "local policies and ranges");
    cluster.put(web().sticky(60));
    cluster.must_sync();
    expect_alive(sessions, "affinity");
    cluster.facts.detector = interface_detector();
    cluster.facts.masquerade_all = true;
    cluster.must_sync();
    expect_alive(sessions, "another detector");
    cluster.facts.nodeport_addresses.clear();
    cluster.must_sync();
    expect_alive(sessions, "no NodePort addresses");
    cluster.restart();
    expect_alive(sessions, "restarted");
    cluster.must_sync();
    expect_alive(sessions, "adopted");
    cluster.remove("shop/web");
    cluster.must_sync();
    expect_alive(sessions, "Service deleted");
    // While the only rules that track connections are gone, nothing is translated back. A late
    // acknowledgement to a VIP is lost then, which does no harm; one to a NodePort meets the node's
    // own stack, which resets the connection. Nobody can help that. Nor that a server repeats what
    // has not been acknowledged, after 200 ms: its own address means nothing to the client.
    constexpr auto kAcknowledged = std::chrono::milliseconds(100);  // at the latest after 40
    sessions.erase(sessions.end() - 2 * kPerFlow, sessions.end());
    for (const Damage& one : cluster.view().damages(lab(), family())) {
        std::this_thread::sleep_for(kAcknowledged);
        const auto done = must_run_in(lab().at(Place::node), one.command);
        (void)done;  // some damage needs an element that is gone: fine
        ASSERT_TRUE(cluster.audit());
        expect_alive(sessions, one.what);
    }
}

TEST_P(ContinuityCases, EndpointsFlipUnderTraffic) {
    using enum Place;
    const std::vector<std::vector<Place>> sets{
        {pod1, podr}, {pod2}, {pod1, pod2, podr}, {podr},
        {pod2, podr}, {pod1}, {pod2, pod1},       {podr, pod1, pod2}};
    const std::vector<std::vector<Place>> local_sets{{pod1}, {pod2}, {pod1, pod2}, {pod2, podr}};
    cluster.put(web());
    cluster.put(service("shop/sticky").ip(vip(2)).port(80).sticky(3600));
    cluster.put(service("shop/local").ip(vip(3)).port(80).node_port(30003).external_local());
    cluster.put(service("shop/u").ip(vip(4)).port(53, Protocol::udp));
    const auto set_all = [&](std::size_t step) {
        cluster.put(pods("shop/web", sets[step % sets.size()]));
        cluster.put(pods("shop/sticky", sets[step % sets.size()]));
        cluster.put(pods("shop/local", local_sets[step % local_sets.size()]));
        cluster.put(pods("shop/u", sets[step % sets.size()], Protocol::udp));
        cluster.must_sync();
    };
    set_all(0);
    Traffic by_vip(lab(), tcp(ext, vip(1), Port(80)));
    Traffic by_lb(lab(), tcp(node2, lb(1), Port(80)));
    Traffic from_node(lab(), tcp(node, vip(1), Port(80)));
    Traffic from_process(lab(), unbound(tcp(node, vip(1), Port(80))));
    Traffic from_pod(lab(), tcp(pod2, vip(1), Port(80)));
    Traffic udp_from_pod(lab(), udp(pod1, vip(4), Port(53)));
    Traffic sticky(lab(), tcp(ext, vip(2), Port(80)));
    Traffic sticky_pod(lab(), tcp(pod1, vip(2), Port(80)));
    Traffic local(lab(), tcp(ext, node_ip(), Port(30003)));
    Traffic udp_traffic(lab(), udp(blk, vip(4), Port(53)));
    for (std::size_t step = 1; step <= 200; ++step) {
        set_all(step);
        by_vip.wait_for(2);
        from_pod.wait_for(2);
    }
    const std::set<std::string> all{"pod1", "pod2", "podr"};
    for (Traffic* traffic : {&by_vip, &by_lb, &from_node, &from_process, &from_pod, &udp_from_pod,
                             &sticky, &sticky_pod, &udp_traffic}) {
        expect_answers(*traffic, all);
    }
    expect_answers(local, {"pod1", "pod2"});
}

TEST_P(ContinuityCases, ManyEndpointsComeAndGoUnderTraffic) {
    // Endpoint counts pass through every size class; all addresses are real, some ports are not
    // used elsewhere, so the list is made of two ports on three pods, in several slices.
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    Traffic traffic(lab(), tcp(Place::ext, vip(1), Port(80)));
    Traffic from_pod(lab(), tcp(Place::pod2, vip(1), Port(80)));
    for (int round = 0; round < 20; ++round) {
        for (int size = 0; size <= 5; ++size) {
            SliceSpec more = slice("shop/web", family(), "2").port(kOtherServerPort.number());
            for (Place place : {Place::pod1, Place::pod2, Place::podr}) {
                if (size > static_cast<int>(place == Place::podr)) {
                    on(more, family(), place);
                }
            }
            cluster.put(more);
            cluster.put(pods("shop/web", size % 2 == 0
                                             ? std::vector<Place>{Place::pod1, Place::podr}
                                             : std::vector<Place>{Place::pod1}));
            cluster.must_sync();
        }
    }
    for (Traffic* each : {&traffic, &from_pod}) {
        each->wait_for(1);
        expect_answers(*each, {"pod1", "pod2", "podr", "pod1:8081", "pod2:8081", "podr:8081"});
    }
}

TEST_P(ContinuityCases, RestartsAndAuditsUnderTraffic) {
    cluster.put(web());
    cluster.put(service("shop/sticky").ip(vip(2)).port(80).sticky(3600));
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    // On other ports: the kernel gives one source port to clients of different VIPs, and then
    // SharedCases.OneClientPortTalksToTwoServicesOnOneEndpoint is what happens.
    SliceSpec others = slice("shop/sticky", family()).port(kOtherServerPort.number());
    cluster.put(on(on(others, family(), Place::pod1), family(), Place::podr));
    cluster.must_sync();
    Traffic by_vip(lab(), tcp(Place::ext, vip(1), Port(80)));
    Traffic sticky(lab(), tcp(Place::ext, vip(2), Port(80)));
    Traffic from_process(lab(), unbound(tcp(Place::node, vip(1), Port(80))));
    Traffic sticky_process(lab(), unbound(tcp(Place::node, vip(2), Port(80))));
    for (int round = 0; round < 30; ++round) {
        cluster.restart();
        cluster.facts.masquerade_all = round % 2 == 0;  // rewrites rules
        cluster.must_sync();
        ASSERT_TRUE(cluster.audit());
        by_vip.wait_for(2);
    }
    for (Traffic* each : {&by_vip, &from_process}) {
        expect_answers(*each, {"pod1", "podr"});
    }
    for (Traffic* each : {&sticky, &sticky_process}) {
        EXPECT_EQ(each->stop().size(), 1u) << "the memory of clients was lost";
    }
}

TEST_P(ContinuityCases, TablesGrowUnderTraffic) {
    constexpr unsigned kMany = 70000;
    constexpr unsigned kStep = 10000;
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.put(service("shop/sticky").ip(vip(2)).port(80).sticky(3600));
    cluster.put(pods("shop/sticky", {Place::pod1, Place::podr}));
    cluster.must_sync();
    std::vector<Session> sessions = open_everywhere();
    Traffic by_vip(lab(), tcp(Place::ext, vip(1), Port(80)));
    Traffic by_port(lab(), tcp(Place::ext, node_ip(), Port(30001)));
    Traffic sticky(lab(), tcp(Place::ext, vip(2), Port(80)));
    Traffic from_process(lab(), unbound(tcp(Place::node, vip(1), Port(80))));
    Traffic sticky_pod(lab(), tcp(Place::pod1, vip(2), Port(80)));
    for (unsigned n = 0; n < kMany; n += kStep) {
        load_many(n, n + kStep);
        cluster.must_sync();
        by_vip.wait_for(2);
        EXPECT_TRUE(reaches(tcp(Place::ext, bulk_ip(n), Port(80)), {"pod1 masq"}, 1));
        EXPECT_TRUE(reaches(tcp(Place::pod2, bulk_ip(n + kStep - 1), Port(80)), {"pod1 kept"}, 1));
    }
    expect_alive(sessions, "70,000 Services");
    EXPECT_GT(cluster.restart().found, kMany);
    EXPECT_EQ(cluster.must_sync().writes, 0u);
    EXPECT_TRUE(reaches(tcp(Place::ext, bulk_ip(3), Port(80)), {"pod1 masq"}, 1));
    unload_many(0, kMany);
    cluster.must_sync();
    EXPECT_TRUE(silent({tcp(Place::ext, bulk_ip(3), Port(80))}));
    expect_alive(sessions, "70,000 Services deleted");
    for (Traffic* each : {&by_vip, &by_port, &from_process}) {
        expect_answers(*each, {"pod1", "podr"});
    }
    for (Traffic* each : {&sticky, &sticky_pod}) {
        EXPECT_EQ(each->stop().size(), 1u) << "the memory of clients was lost";
    }
}

}  // namespace
}  // namespace sy::lab
