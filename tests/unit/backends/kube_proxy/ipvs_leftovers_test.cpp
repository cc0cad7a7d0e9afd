#include "backends/kube_proxy/ipvs_leftovers.h"

#include <gtest/gtest.h>

namespace sy::kube_proxy {
namespace {

EndpointAddr at(const char* ip, uint16_t port) {
    return {IpAddr::parse(ip).value(), Port(port)};
}

const HostAddresses& addresses() {
    static const HostAddresses kAddresses{
        .of_services = {IpAddr::parse("10.96.0.1").value(), IpAddr::parse("fd96::1").value()},
        .of_node = {IpAddr::parse("192.168.50.1").value(), IpAddr::parse("fd50::1").value()}};
    return kAddresses;
}

TEST(IsKubeProxys, WhatIsAtTheAddressOfAService) {
    EXPECT_TRUE(is_kube_proxys(at("10.96.0.1", 443), addresses(), {}));
    EXPECT_TRUE(is_kube_proxys(at("fd96::1", 53), addresses(), {}));
    EXPECT_FALSE(is_kube_proxys(at("10.96.0.2", 443), addresses(), {}));
}

TEST(IsKubeProxys, NodePortsOnNodeAddressesOnly) {
    EXPECT_TRUE(is_kube_proxys(at("192.168.50.1", 30000), addresses(), {}));
    EXPECT_TRUE(is_kube_proxys(at("fd50::1", 32767), addresses(), {}));
    EXPECT_FALSE(is_kube_proxys(at("192.168.50.1", 29999), addresses(), {}));
    EXPECT_FALSE(is_kube_proxys(at("192.168.50.1", 32768), addresses(), {}));
    EXPECT_FALSE(is_kube_proxys(at("192.168.50.1", 6443), addresses(), {}))
        << "a load balancer of the API servers";
    EXPECT_FALSE(is_kube_proxys(at("192.168.50.9", 30000), addresses(), {}));
}

TEST(IsKubeProxys, NotWhatIsExcluded) {
    const std::vector<Cidr> exclude{Cidr::parse("10.96.0.0/24").value(),
                                    Cidr::parse("fd50::/64").value()};
    EXPECT_FALSE(is_kube_proxys(at("10.96.0.1", 443), addresses(), exclude));
    EXPECT_FALSE(is_kube_proxys(at("fd50::1", 30000), addresses(), exclude));
    EXPECT_TRUE(is_kube_proxys(at("fd96::1", 53), addresses(), exclude));
}

}  // namespace
}  // namespace sy::kube_proxy
