#include "agent/node_facts.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IpAddr ip(const char* text) {
    return *IpAddr::parse(text);
}
Cidr net(const char* text) {
    return *Cidr::parse(text);
}

TEST(NodeFacts, AreMadeOfFlagsInterfacesAndTheNodeObject) {
    NodeOptions options;
    options.masquerade_all = true;
    options.detect_local.mode = DetectLocalMode::node_cidr;
    Node node;
    node.addresses = {ip("192.0.2.10")};
    node.pod_cidrs = {net("10.244.1.0/24")};
    const std::vector<IpAddr> interfaces{ip("192.0.2.10"), ip("10.9.0.1")};
    const auto out = node_facts(options, interfaces, &node, {net("10.96.0.0/12")});
    EXPECT_THAT(out.facts.nodeport_addresses, ElementsAre(ip("192.0.2.10")));
    EXPECT_THAT(out.facts.service_cidrs, ElementsAre(net("10.96.0.0/12")));
    EXPECT_EQ(out.facts.detector, LocalDetector(CidrDetector{{net("10.244.1.0/24")}}));
    EXPECT_TRUE(out.facts.masquerade_all);
    EXPECT_FALSE(out.missing_pod_cidrs);
}

TEST(NodeFacts, NameWhatIsMissing) {
    NodeOptions options;
    options.detect_local.mode = DetectLocalMode::node_cidr;
    const std::vector<IpAddr> interfaces{ip("192.0.2.10")};
    const auto out = node_facts(options, interfaces, nullptr, {});
    EXPECT_THAT(out.facts.nodeport_addresses, IsEmpty());
    EXPECT_THAT(out.unknown_primary, ElementsAre(Family::ipv4));
    EXPECT_TRUE(out.missing_pod_cidrs);
    options.bind_address = ip("192.0.2.10");
    EXPECT_THAT(node_facts(options, interfaces, nullptr, {}).unknown_primary, IsEmpty());
}

}  // namespace
}  // namespace sy
