// External traffic policy: cases 40 to 43.
#include <algorithm>
#include <iterator>

#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

class ExternalPolicyCases : public PacketTest {
  protected:
    ServiceSpec web() const {
        return service("shop/web")
            .ip(vip(1))
            .port(80)
            .node_port(30001)
            .load_balancer(lb(1))
            .external_ip(ext_ip(1));
    }
    std::vector<Flow> external(Place from) const {
        return {tcp(from, ext_ip(1), Port(80)), tcp(from, lb(1), Port(80)),
                tcp(from, node_ip(), Port(30001))};
    }
    void expect_external(Place from, const Seen& expected) const {
        for (const Flow& flow : external(from)) {
            EXPECT_TRUE(reaches(flow, expected));
        }
    }
    void expect_cluster_policy() const {
        EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept", "podr kept"}));
        expect_external(Place::pod2, {"pod1 masq", "podr masq"});
        expect_external(Place::node, {"pod1 masq", "podr masq"});
        expect_external(Place::ext, {"pod1 masq", "podr masq"});
    }
    void expect_local_policy() const {
        EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept", "podr kept"}));
        expect_external(Place::pod2, {"pod1 kept", "podr kept"});
        expect_external(Place::node, {"pod1 masq", "podr masq"});
        expect_external(Place::ext, {"pod1 kept"});
        expect_external(Place::node2, {"pod1 kept"});
    }
};
SY_EVERY_BACKEND(ExternalPolicyCases);

TEST_P(ExternalPolicyCases, Local) {
    cluster.put(web().external_local());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    expect_local_policy();
}

TEST_P(ExternalPolicyCases, Cluster) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    expect_cluster_policy();
}

TEST_P(ExternalPolicyCases, LocalWithoutLocalEndpoint) {
    cluster.put(web().external_local());
    cluster.put(pods("shop/web", {Place::podr}));
    cluster.must_sync();
    std::vector<Flow> outside = external(Place::ext);
    std::ranges::copy(external(Place::blk), std::back_inserter(outside));
    EXPECT_TRUE(silent(outside));
    expect_external(Place::pod1, {"podr kept"});
    expect_external(Place::node, {"podr masq"});
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(1), Port(80)), {"podr masq"}));
}

TEST_P(ExternalPolicyCases, LocalForUdpAndSctp) {
    cluster.put(service("shop/u")
                    .ip(vip(2))
                    .port(53, Protocol::udp, "u")
                    .node_port(30002)
                    .port(53, Protocol::sctp, "s")
                    .node_port(30002)
                    .external_local());
    SliceSpec spec =
        slice("shop/u", family()).port(8080, Protocol::udp, "u").port(8080, Protocol::sctp, "s");
    on(spec, family(), Place::pod1);
    cluster.put(on(spec, family(), Place::podr));
    cluster.must_sync();
    EXPECT_TRUE(reaches(udp(Place::ext, node_ip(), Port(30002)), {"pod1 kept"}));
    EXPECT_TRUE(reaches(udp(Place::pod2, node_ip(), Port(30002)), {"pod1 kept", "podr kept"}));
    EXPECT_TRUE(reaches(sctp(Place::ext, node_ip(), Port(30002)), {"pod1 kept"}, 4));
    EXPECT_TRUE(reaches(sctp(Place::pod2, node_ip(), Port(30002)), {"pod1 kept", "podr kept"}));
}

TEST_P(ExternalPolicyCases, SwitchedAtRuntime) {
    cluster.put(web());
    cluster.put(pods("shop/web", {Place::pod1, Place::podr}));
    cluster.must_sync();
    Session old = Session::open(lab(), tcp(Place::ext, lb(1), Port(80)));
    expect_cluster_policy();
    cluster.put(web().external_local());
    cluster.must_sync();
    expect_local_policy();
    EXPECT_TRUE(old.echo("one"));
    cluster.put(web());
    cluster.must_sync();
    expect_cluster_policy();
    EXPECT_TRUE(old.echo("two"));
}

TEST_P(ExternalPolicyCases, BothPoliciesLocal) {
    cluster.put(web().external_local().internal_local());
    cluster.put(pods("shop/web", {Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(silent({tcp(Place::pod2, vip(1), Port(80)), tcp(Place::node, vip(1), Port(80)),
                        tcp(Place::ext, vip(1), Port(80)), tcp(Place::ext, lb(1), Port(80)),
                        tcp(Place::ext, node_ip(), Port(30001))}));
    // Internal policy never governs external destinations: pods and the node short-circuit.
    expect_external(Place::pod2, {"podr kept"});
    expect_external(Place::node, {"podr masq"});
    cluster.put(pods("shop/web", {Place::podr, Place::pod1}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 kept"}));
    EXPECT_TRUE(reaches(tcp(Place::node, vip(1), Port(80)), {"pod1 masq"}));
    expect_external(Place::ext, {"pod1 kept"});
    expect_external(Place::pod2, {"pod1 kept", "podr kept"});
}

TEST_P(ExternalPolicyCases, IgnoredWithoutExternalDestination) {
    cluster.put(service("shop/in").ip(vip(3)).port(80).external_local());
    cluster.put(pods("shop/in", {Place::podr}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(3), Port(80)), {"podr masq"}));
    EXPECT_TRUE(reaches(tcp(Place::pod1, vip(3), Port(80)), {"podr kept"}));
}

}  // namespace
}  // namespace sy::lab
