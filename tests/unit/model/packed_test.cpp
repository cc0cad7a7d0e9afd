#include "model/packed.h"

#include <gtest/gtest.h>

#include "build.h"

namespace sy {
namespace {

using namespace test;

Service full_service() {
    auto s = dual("web", "10.96.0.1", "fd00:96::1");
    s.type = ServiceType::load_balancer;
    s.internal_policy = TrafficPolicy::local;
    s.health_check_node_port = Port(65535);
    s.affinity_timeout = 86400;
    s.external_ips = ips({"198.51.100.7", "2001:db8::7"});
    s.load_balancer_ips = ips({"192.0.2.1"});
    s.source_ranges = nets({"0.0.0.0/0", "2001:db8::/127"});
    s.source_ranges_set = true;
    s.ports = {
        {"", Protocol::sctp, Port(1), Port(30000)},
        {std::string(300, 'x') + std::string(1, '\0') + "é", Protocol::udp, Port(65535), {}}};
    return s;
}

TEST(Packed, ServiceComesBackAsItWas) {
    std::vector<Service> services{full_service(), Service{}, service("web", "fd00::1")};
    for (int flag = 0; flag < 6; ++flag) {
        auto s = full_service();
        s.other_proxy = flag == 0;
        s.headless = flag == 1;
        s.external_policy = flag == 2 ? TrafficPolicy::local : TrafficPolicy::cluster;
        s.source_ranges_set = flag != 3;
        if (flag == 4) {
            s.cluster_ip.reset();
        }
        if (flag == 5) {
            s.affinity_timeout.reset();
        }
        services.push_back(s);
    }
    for (const auto& s : services) {
        EXPECT_EQ(unpack_service(pack(s), s.name), s);
    }
    for (std::size_t i = 0; i < services.size(); ++i) {
        for (std::size_t j = 0; j < services.size(); ++j) {
            EXPECT_EQ(pack(services[i]) == pack(services[j]), services[i] == services[j] || i == j)
                << i << " " << j;
        }
    }
}

TEST(Packed, SliceComesBackAsItWas) {
    Names names;
    auto s = slice("web", "web-abcde", {});
    for (const char state : {'R', 'T', 'X'}) {
        for (const auto* address : {"10.0.0.1", "fd00::1"}) {
            auto e = names.endpoint(address, state);
            e.zone_hints = names.list({"a", "b"});
            e.node_hints = names.list({"here"});
            s.endpoints.push_back(e);
        }
    }
    s.endpoints.push_back(Endpoint{});
    s.ports.push_back({"metrics", Protocol::udp, Port(9)});
    const ServiceName owner{s.ns, s.service};
    EXPECT_EQ(unpack_slice(pack(s), owner), s);
    auto fqdn = s;
    fqdn.family.reset();
    fqdn.headless = true;
    EXPECT_EQ(unpack_slice(pack(fqdn), owner), fqdn);
    EXPECT_FALSE(pack(fqdn) == pack(s));
    EXPECT_EQ(unpack_slice(pack(EndpointSlice{}), {}), EndpointSlice{});
}

TEST(Packed, NameOfASliceWithoutTheRest) {
    Names names;
    const auto packed = pack(slice("web", "web-abcde", {names.local("10.0.0.1")}));
    EXPECT_EQ(name_of_slice(packed), "web-abcde");
}

TEST(Packed, OrderOfEndpointsCounts) {
    Names names;
    const auto one = slice("web", "s", {names.local("10.0.0.1"), names.local("10.0.0.2")});
    const auto two = slice("web", "s", {names.local("10.0.0.2"), names.local("10.0.0.1")});
    EXPECT_FALSE(pack(one) == pack(two));
}

TEST(Packed, NothingDiffersFromEveryObject) {
    EXPECT_TRUE(Packed{}.empty());
    EXPECT_FALSE(pack(Service{}).empty());
    EXPECT_FALSE(pack(Service{}) == Packed{});
    EXPECT_TRUE(Packed{} == Packed{});
}

}  // namespace
}  // namespace sy
