// Services without endpoints: cases 56, 57, 59, and 81 next door in cases_stray.cpp.
#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

class NoEndpointsCases : public PacketTest {
  protected:
    ServiceSpec everything() const {
        ServiceSpec spec = service("shop/web");
        spec.ip(vip(1)).load_balancer(lb(1)).external_ip(ext_ip(1));
        for (Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
            spec.port(80, protocol, std::string(to_string(protocol))).node_port(30001);
        }
        return spec;
    }
    /// Everyone to every frontend by every protocol.
    std::vector<Flow> all_flows() const {
        std::vector<Flow> flows;
        for (Place from : {Place::pod2, Place::node, Place::ext, Place::node2}) {
            for (auto make : {tcp, udp, sctp}) {
                for (const IpAddr& to : {vip(1), lb(1), ext_ip(1)}) {
                    flows.push_back(make(from, to, Port(80)));
                }
                flows.push_back(make(from, node_ip(), Port(30001)));
            }
        }
        return flows;
    }
};
SY_EVERY_BACKEND(NoEndpointsCases);

TEST_P(NoEndpointsCases, EverybodyIsRefusedAtOnce) {
    cluster.put(everything());
    cluster.must_sync();
    EXPECT_TRUE(refused(all_flows()));
}

TEST_P(NoEndpointsCases, RefusedWhateverThePolicies) {
    cluster.put(everything().internal_local().external_local());
    SliceSpec spec = slice("shop/web", family()).port(8080, Protocol::tcp, "TCP");
    on(spec, family(), Place::pod1, Pod::unready);
    cluster.put(on(spec, family(), Place::podr, Pod::gone));
    cluster.must_sync();
    EXPECT_TRUE(refused(all_flows()));
}

TEST_P(NoEndpointsCases, LastEndpointGoesAndComesBack) {
    cluster.put(service("shop/web").ip(vip(1)).port(80).node_port(30001));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    const Flow by_vip = tcp(Place::pod2, vip(1), Port(80));
    const Flow by_port = tcp(Place::ext, node_ip(), Port(30001));
    for (int round = 0; round < 3; ++round) {
        EXPECT_TRUE(reaches(by_vip, {"pod1 kept"}, 2));
        EXPECT_TRUE(reaches(by_port, {"pod1 masq"}, 2));
        if (round % 2 == 0) {
            cluster.put(pods("shop/web", {}));
        } else {
            cluster.remove_slice(pods("shop/web", {}));
        }
        cluster.must_sync();
        EXPECT_TRUE(refused({by_vip, by_port}));
        cluster.put(pods("shop/web", {Place::pod1}));
        cluster.must_sync();
    }
}

TEST_P(NoEndpointsCases, RefusedIsNotDeleted) {
    cluster.put(service("shop/web").ip(vip(1)).port(80).node_port(30001));
    cluster.must_sync();
    EXPECT_TRUE(refused({tcp(Place::pod2, vip(1), Port(80))}));
    cluster.remove_service("shop/web");
    cluster.must_sync();
    EXPECT_TRUE(silent({tcp(Place::pod2, vip(1), Port(80))}));  // an unallocated address again
}

}  // namespace
}  // namespace sy::lab
