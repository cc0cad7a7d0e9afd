#include "agent/local_traffic.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

Cidr net(const char* text) {
    return *Cidr::parse(text);
}

TEST(LocalDetector, ClusterCidrTakesTheFirstNetworkOfEachFamily) {
    const DetectLocal flags{.mode = DetectLocalMode::cluster_cidr,
                            .cluster_cidrs = {net("fd00::/56"), net("10.244.0.0/16")},
                            .interface = {}};
    EXPECT_EQ(local_detector(flags, nullptr),
              LocalDetector(CidrDetector{{net("10.244.0.0/16"), net("fd00::/56")}}));
}

TEST(LocalDetector, ClusterCidrWithoutNetworkDetectsNothing) {
    EXPECT_EQ(local_detector({}, nullptr), LocalDetector(NoDetector{}));
}

TEST(LocalDetector, NodeCidrFollowsTheNodeObject) {
    const DetectLocal flags{
        .mode = DetectLocalMode::node_cidr, .cluster_cidrs = {}, .interface = {}};
    EXPECT_EQ(local_detector(flags, nullptr), LocalDetector(NoDetector{}));
    Node node;
    EXPECT_EQ(local_detector(flags, &node), LocalDetector(NoDetector{}));
    node.pod_cidrs = {net("10.244.1.0/24"), net("10.244.2.0/24")};
    EXPECT_EQ(local_detector(flags, &node), LocalDetector(CidrDetector{{net("10.244.1.0/24")}}));
}

TEST(LocalDetector, InterfacesAreKnownByName) {
    DetectLocal flags{
        .mode = DetectLocalMode::bridge_interface, .cluster_cidrs = {}, .interface = "cni0"};
    EXPECT_EQ(local_detector(flags, nullptr),
              LocalDetector(InterfaceDetector{.name = "cni0", .is_prefix = false}));
    flags.mode = DetectLocalMode::interface_name_prefix;
    EXPECT_EQ(local_detector(flags, nullptr),
              LocalDetector(InterfaceDetector{.name = "cni0", .is_prefix = true}));
}

}  // namespace
}  // namespace sy
