// What Services share: contested frontends, and the two families of a dual-stack Service.
#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

class SharedCases : public PacketTest {
  protected:
    /// The one server all new connections reach, its name only.
    std::string only_server(const Flow& flow) const {
        std::set<std::string> servers;
        for (const std::string& word : reached(lab(), flow, 12)) {
            servers.insert(word.substr(0, word.find(' ')));
        }
        return servers.size() == 1 ? *servers.begin() : "several";
    }
};
SY_EVERY_BACKEND(SharedCases);

TEST_P(SharedCases, ContestedFrontendsHaveOneHolderAndAnHeir) {
    const Flow by_external = tcp(Place::ext, ext_ip(1), Port(80));
    const Flow by_port = tcp(Place::ext, node_ip(), Port(30001));
    const auto put = [&](const std::string& name, unsigned n, Place place) {
        cluster.put(service(name).ip(vip(n)).port(80).node_port(30001).external_ip(ext_ip(1)));
        cluster.put(pods(name, {place}));
    };
    put("shop/a", 1, Place::pod1);
    put("shop/b", 2, Place::podr);
    cluster.must_sync();
    const std::string holder = only_server(by_external);
    ASSERT_TRUE(holder == "pod1" || holder == "podr") << holder;
    EXPECT_EQ(only_server(by_port), holder);
    // Each has its own ClusterIP in any case.
    EXPECT_EQ(only_server(tcp(Place::ext, vip(1), Port(80))), "pod1");
    EXPECT_EQ(only_server(tcp(Place::ext, vip(2), Port(80))), "podr");

    // Touching the loser, or starting again, changes nothing.
    const bool a_holds = holder == "pod1";
    cluster.put(service(a_holds ? "shop/b" : "shop/a")
                    .ip(vip(a_holds ? 2 : 1))
                    .port(80)
                    .node_port(30001)
                    .external_ip(ext_ip(1))
                    .external_ip(ext_ip(2)));
    cluster.must_sync();
    EXPECT_EQ(only_server(by_external), holder);
    cluster.restart();
    EXPECT_EQ(cluster.must_sync().writes, 0u);
    EXPECT_EQ(only_server(by_port), holder);

    // The holder goes: the other inherits in the same step.
    cluster.remove(a_holds ? "shop/a" : "shop/b");
    cluster.must_sync();
    const std::string heir = a_holds ? "podr" : "pod1";
    EXPECT_EQ(only_server(by_external), heir);
    EXPECT_EQ(only_server(by_port), heir);
}

TEST_P(SharedCases, OneClusterIpMovesToAnotherService) {
    cluster.put(service("shop/old").ip(vip(1)).port(80));
    cluster.put(pods("shop/old", {Place::pod1}));
    cluster.must_sync();
    cluster.remove("shop/old");
    cluster.put(service("shop/new").ip(vip(1)).port(80));
    cluster.put(pods("shop/new", {Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(1), Port(80)), {"podr masq"}, 4));
    EXPECT_TRUE(refused({tcp(Place::ext, vip(1), Port(81))}));
}

TEST_P(SharedCases, OneClientPortTalksToTwoServicesOnOneEndpoint) {
    // Behind the VIPs both connections are between the same two addresses and ports.
    for (unsigned n : {1U, 2U}) {
        const std::string name = "shop/web" + std::to_string(n);
        cluster.put(service(name).ip(vip(n)).port(80));
        cluster.put(pods(name, {Place::pod1}));
    }
    cluster.must_sync();
    static uint16_t next_port = 45000;  // the one of the former case is in TIME_WAIT
    const Port port(next_port++);
    const auto to = [&](unsigned n) {
        return with_source(tcp(Place::ext, vip(n), Port(80)), at(Place::ext), port);
    };
    Session first = Session::open(lab(), to(1));
    ASSERT_TRUE(first);
    Session second = Session::open(lab(), to(2));
    ASSERT_TRUE(second);
    EXPECT_TRUE(second.echo("second"));
    if (cluster.view().tells_frontends_apart()) {
        EXPECT_TRUE(first.echo("first"));
    } else {
        EXPECT_FALSE(first.echo("first", kSilence));
        RecordProperty("differs", "the older connection stalls");
    }
}

TEST_P(SharedCases, DualStackServiceServesEachFamilyByItsOwnEndpoints) {
    cluster.put(service("shop/web")
                    .ip(cluster_ip(Family::ipv4, 1))
                    .ip(cluster_ip(Family::ipv6, 1))
                    .port(80)
                    .node_port(30001));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    const Family other = family() == Family::ipv4 ? Family::ipv6 : Family::ipv4;
    const Flow other_flow = tcp(Place::ext, cluster_ip(other, 1), Port(80));
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(refused({other_flow}));  // the Service is there, its endpoints are not
    SliceSpec spec = slice("shop/web", other).port(8080);
    cluster.put(on(spec, other, Place::podr));
    cluster.must_sync();
    EXPECT_TRUE(reaches(other_flow, {"podr masq"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(1), Port(80)), {"pod1 masq"}, 4));
    EXPECT_TRUE(
        reaches(tcp(Place::ext, address(Place::node, other), Port(30001)), {"podr masq"}, 4));
}

TEST_P(SharedCases, AServiceOfOneFamilyDoesNotExistInTheOther) {
    const Family other = family() == Family::ipv4 ? Family::ipv6 : Family::ipv4;
    cluster.put(service("shop/web")
                    .ip(vip(1))
                    .port(80)
                    .node_port(30001)
                    .external_ip(external_ip(other, 1))
                    .load_balancer(load_balancer_ip(other, 1)));
    SliceSpec spec = slice("shop/web", other).port(8080);
    cluster.put(on(spec, other, Place::podr));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(30001)), {"pod1 masq"}, 4));
    EXPECT_TRUE(refused({tcp(Place::ext, address(Place::node, other), Port(30001))}));
    EXPECT_TRUE(silent({tcp(Place::ext, external_ip(other, 1), Port(80)),
                        tcp(Place::ext, load_balancer_ip(other, 1), Port(80))}));
}

TEST_P(SharedCases, LabelsThatHandAServiceToSomebodyElse) {
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept"}, 2));
    Service other = service("shop/web").ip(vip(1)).port(80).object();
    other.other_proxy = true;
    cluster.put(other);
    cluster.must_sync();
    EXPECT_TRUE(silent({tcp(Place::pod2, vip(1), Port(80))}));
    other.other_proxy = false;
    other.headless = true;
    other.cluster_ip.reset();
    cluster.put(other);
    cluster.must_sync();
    EXPECT_TRUE(silent({tcp(Place::pod2, vip(1), Port(80))}));
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept"}, 2));
}

}  // namespace
}  // namespace sy::lab
