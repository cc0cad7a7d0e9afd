#include "backends/ebpf/node_settings.h"

#include <gtest/gtest.h>

#include "tests/support/plans.h"

namespace sy::ebpf {
namespace {

using test::ip;

TEST(FactFlags, SayWhichFamilyHasNoDetector) {
    NodeFacts facts;
    EXPECT_EQ(fact_flags(facts), SY_SETTING_NO_DETECTOR4 | SY_SETTING_NO_DETECTOR6);
    facts.detector = CidrDetector{{*Cidr::parse("10.244.0.0/16")}};
    EXPECT_EQ(fact_flags(facts), SY_SETTING_NO_DETECTOR6);
    facts.detector = InterfaceDetector{"cni0", false};
    EXPECT_EQ(fact_flags(facts), 0U);
}

TEST(FactFlags, LoopbackServesWhereNodePortsAreServed) {
    NodeFacts facts{{ip("192.168.1.1")}, {}, InterfaceDetector{"cni0", false}, false};
    EXPECT_EQ(fact_flags(facts), SY_SETTING_LOOPBACK4);
    facts.nodeport_addresses.push_back(ip("fd00::1"));
    EXPECT_EQ(fact_flags(facts), SY_SETTING_LOOPBACK4 | SY_SETTING_LOOPBACK6);
}

TEST(FactFlags, MasqueradeAllLeavesPodsToThePacketPath) {
    const NodeFacts facts{{}, {}, InterfaceDetector{"cni0", false}, true};
    EXPECT_EQ(fact_flags(facts), SY_SETTING_HOST_ONLY);
}

}  // namespace
}  // namespace sy::ebpf
