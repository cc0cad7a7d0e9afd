// UDP flows follow their Service: cases 74 to 79. A UDP client that keeps its source port keeps its
// connection tracking entry; if nobody removes what is stale, its datagrams go to a dead pod for
// ever.
#include <chrono>
#include <thread>

#include "tests/netns/daemon_fixture.h"

namespace sy::lab {
namespace {

class DaemonConntrack : public DaemonTest {
  protected:
    ServiceSpec dns_service() const {
        return service("shop/dns")
            .ip(vip(1))
            .port(53, Protocol::udp)
            .node_port(30053)
            .load_balancer(lb(1));
    }
    void write(const ServiceSpec& spec, std::vector<Place> places, Port port = kServerPort) {
        folder.replace("dns.yaml",
                       manifest(spec) + pods("shop/dns", std::move(places), Protocol::udp, port));
    }
    /// The same client again and again: one source port per place and destination.
    Flow client(Place from, const IpAddr& to, Port port) const {
        return with_source(udp(from, to, port), at(from), Port(5353));
    }
    std::vector<Flow> clients() const {
        return {
            client(Place::pod2, vip(1), Port(53)),      client(Place::node, vip(1), Port(53)),
            client(Place::ext, vip(1), Port(53)),       client(Place::ext, lb(1), Port(53)),
            client(Place::ext, node_ip(), Port(30053)), client(Place::pod2, node_ip(), Port(30053)),
            client(Place::node2, lb(1), Port(53))};
    }
    /// One datagram of one flow, as often as it takes: the name of the server that answers.
    testing::AssertionResult follows(const Flow& flow, const std::string& server) const {
        std::string seen;
        const bool there = eventually([&] {
            seen = describe(lab(), attempt(lab(), flow, kSilence));
            return seen.substr(0, seen.find(' ')) == server;
        });
        return there ? testing::AssertionSuccess()
                     : testing::AssertionFailure() << flow.to_string() << " is stuck at " << seen;
    }
    void all_follow(const std::string& server) const {
        for (const Flow& flow : clients()) {
            EXPECT_TRUE(follows(flow, server));
        }
    }
};
SY_EVERY_FAMILY(DaemonConntrack);

TEST_P(DaemonConntrack, FlowsFollowAReplacedEndpoint) {
    write(dns_service(), {Place::pod1});
    start();
    all_follow("pod1");
    write(dns_service(), {Place::podr});  // to another node
    all_follow("podr");
    write(dns_service(), {Place::pod1});
    all_follow("pod1");
    write(dns_service().internal_local().external_local(), {Place::pod1});
    all_follow("pod1");
}

TEST_P(DaemonConntrack, FlowsFollowUnderLocalPolicies) {
    write(dns_service().internal_local(), {Place::pod1});
    start();
    const Flow inside = client(Place::pod2, vip(1), Port(53));
    EXPECT_TRUE(follows(inside, "pod1"));
    write(dns_service().internal_local(), {Place::node});
    EXPECT_TRUE(follows(inside, "node"));
    write(dns_service().internal_local(), {Place::pod1});
    EXPECT_TRUE(follows(inside, "pod1"));
}

TEST_P(DaemonConntrack, FlowsFollowAChangedTargetPort) {
    write(dns_service(), {Place::pod1});
    start();
    all_follow("pod1");
    write(dns_service(), {Place::pod1}, kOtherServerPort);
    all_follow("pod1:8081");
}

TEST_P(DaemonConntrack, ClientsThatWereThereBeforeTheFirstEndpoint) {
    write(dns_service(), {});
    start();
    for (const Flow& flow : clients()) {
        EXPECT_TRUE(follows(flow, "refused"));
    }
    write(dns_service(), {Place::pod1});
    all_follow("pod1");
}

TEST_P(DaemonConntrack, ClientsThatWereThereBeforeTheService) {
    // Without rules connection tracking may know nothing; another Service of the family sees to it.
    folder.replace("other.yaml", web("shop/other", 9) + pods("shop/other", {Place::pod1}));
    start();
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(9), Port(80)), {"pod1 masq"}));
    const Flow early = client(Place::ext, lb(1), Port(53));
    EXPECT_TRUE(expect_silent(lab(), {early}));  // passes the node untranslated, and is remembered
    write(dns_service(), {Place::pod1});
    EXPECT_TRUE(follows(early, "pod1"));
}

TEST_P(DaemonConntrack, ScaledToZeroAndBack) {
    write(dns_service(), {Place::pod1});
    start();
    all_follow("pod1");
    write(dns_service(), {});
    for (const Flow& flow : clients()) {
        EXPECT_TRUE(follows(flow, "refused"));
    }
    write(dns_service(), {Place::podr});
    all_follow("podr");
}

TEST_P(DaemonConntrack, DeletedService) {
    write(dns_service(), {Place::pod1});
    start();
    all_follow("pod1");
    folder.remove("dns.yaml");
    EXPECT_TRUE(follows(client(Place::pod2, vip(1), Port(53)), "silent"));
    EXPECT_TRUE(follows(client(Place::ext, lb(1), Port(53)), "silent"));
    EXPECT_TRUE(follows(client(Place::ext, node_ip(), Port(30053)), "refused"));
    write(dns_service(), {Place::podr});
    all_follow("podr");
}

TEST_P(DaemonConntrack, ServiceDeletedWhileNoDaemonRan) {
    write(dns_service(), {Place::pod1});
    start();
    all_follow("pod1");
    daemon->kill();
    folder.remove("dns.yaml");
    EXPECT_TRUE(follows(client(Place::pod2, vip(1), Port(53)), "pod1"));
    start();
    EXPECT_TRUE(follows(client(Place::pod2, vip(1), Port(53)), "silent"));
    EXPECT_TRUE(follows(client(Place::ext, lb(1), Port(53)), "silent"));
}

TEST_P(DaemonConntrack, EndpointReplacedWhileNoDaemonRan) {
    write(dns_service(), {Place::pod1});
    start();
    all_follow("pod1");
    daemon->kill();
    write(dns_service(), {Place::podr});
    start();
    all_follow("podr");
}

TEST_P(DaemonConntrack, GoodFlowsAreLeftAlone) {
    write(dns_service(), {Place::pod1});
    start();
    all_follow("pod1");
    const auto all_stay = [&] {
        for (int i = 0; i < 5; ++i) {
            for (const Flow& flow : clients()) {
                const std::string seen = describe(lab(), attempt(lab(), flow));
                EXPECT_EQ(seen.substr(0, seen.find(' ')), "pod1") << flow.to_string();
            }
        }
    };
    const Flow newcomer = udp(Place::ext, vip(1), Port(53));
    // More endpoints: who has one keeps it.
    write(dns_service(), {Place::pod1, Place::pod2, Place::podr});
    EXPECT_TRUE(becomes(newcomer, {"pod1 masq", "pod2 masq", "podr masq"}));
    all_stay();
    // Terminating, still serving: the old flows stay, new ones go elsewhere.
    SliceSpec spec = slice("shop/dns", family()).port(8080, Protocol::udp);
    spec.endpoint(at(Place::pod1), "node", Pod::terminating);
    spec.endpoint(at(Place::podr), "node2");
    folder.replace("dns.yaml", manifest(dns_service()) + manifest(spec));
    // Not from ext: a port that a newcomer had before may come up again, and its flow stays too.
    EXPECT_TRUE(becomes(udp(Place::blk, vip(1), Port(53)), {"podr masq"}));
    all_stay();
    // A restart, and a change of another Service.
    daemon->kill();
    start();
    folder.replace("other.yaml",
                   manifest(service("shop/other").ip(vip(9)).port(53, Protocol::udp)) +
                       pods("shop/other", {Place::pod2}, Protocol::udp));
    EXPECT_TRUE(becomes(udp(Place::ext, vip(9), Port(53)), {"pod2 masq"}));
    all_stay();
}

}  // namespace
}  // namespace sy::lab
