// The iptables backend on the real programs with many Services: every form that rules of trees take
// has to come back from iptables-save as it was written.
#include <gtest/gtest.h>

#include "backends/iptables/backend/backend.h"
#include "tests/netns/iptables_kernel_lab.h"
#include "tests/support/plans.h"

namespace sy::iptables {
namespace {

using test::endpoint;
using test::external;
using test::ip;

class IptablesBackendOnPrograms : public IptablesLab {
  protected:
    std::unique_ptr<IptablesBackend> start() {
        auto backend =
            std::make_unique<IptablesBackend>(open(GetParam()), IptablesSettings{}, log_);
        EXPECT_TRUE(backend->adopt());
        return backend;
    }
};

/// An address of a family with all of its digits in use.
IpAddr scattered(Family family, unsigned number) {
    std::array<uint8_t, 16> bytes{};
    const auto size = unspecified(family).bytes().size();
    uint32_t state = number * 2'654'435'761U + 1;
    for (std::size_t i = 0; i < size; ++i) {
        state = state * 1'664'525U + 1'013'904'223U;
        bytes[i] = static_cast<uint8_t>(state >> 24);
    }
    // Some differ at the high end only, or (IPv6) in what is printed like an IPv4 address.
    if (number % 3 == 0) {
        std::ranges::fill(std::span(bytes).subspan(1), uint8_t{0});
        bytes[0] = static_cast<uint8_t>(number / 3);
        bytes[1] = static_cast<uint8_t>(number / 3 / 256);
    } else if (number % 3 == 1) {
        std::ranges::fill(std::span(bytes).first(size - 4), uint8_t{0});
    }
    return *IpAddr::from_bytes(std::span(bytes).first(size));
}

PlanDelta many(unsigned count) {
    PlanDelta delta;
    for (unsigned i = 1; i <= count; ++i) {
        ServicePlan plan{{"default", "svc-" + std::to_string(i)}, {}, {}, {}};
        for (const auto family : kFamilies) {
            auto& port = plan.ports.emplace_back();
            port.family = family;
            constexpr std::array kProtocols{Protocol::tcp, Protocol::udp, Protocol::sctp};
            port.protocol = kProtocols[i % 3];
            port.frontends.push_back({FrontendKind::cluster_ip,
                                      scattered(family, i),
                                      Port{80},
                                      {},
                                      {},
                                      Masquerade::not_pods,
                                      false});
            if (i % 2 == 0) {
                port.frontends.push_back(external(FrontendKind::node_port, unspecified(family),
                                                  static_cast<uint16_t>(i * 50), false));
            }
            for (unsigned e = 0; e < i % 8; ++e) {
                const auto address =
                    family == Family::ipv4
                        ? IpAddr::v4(10, 244, static_cast<uint8_t>(i), static_cast<uint8_t>(e + 1))
                        : ip("fd00:244::" + std::to_string(e + 1));
                port.cluster.push_back({{address, Port{8080}}, false});
            }
            if (i % 40 == 0) {
                port.affinity_timeout = 100;
            }
        }
        delta.changed.push_back(std::make_shared<const ServicePlan>(std::move(plan)));
    }
    return delta;
}

const NodeFacts kFacts{{ip("192.0.2.1"), ip("fd00:50::1")},
                       {*Cidr::parse("10.96.0.0/16")},
                       CidrDetector{{*Cidr::parse("10.244.0.0/16")}},
                       false};

TEST_P(IptablesBackendOnPrograms, WhatComesBackIsWhatWasWritten) {
    auto backend = start();
    const auto all = many(1200);
    const auto written = backend->apply(all, kFacts, true);
    ASSERT_FALSE(written.failure) << written.failure->message();
    for (const auto& each : written.quarantined) {
        ADD_FAILURE() << each.service.to_string() << ": " << each.error.message();
    }
    EXPECT_EQ(backend->audit().value().drifted, 0U);
    backend = start();
    EXPECT_EQ(backend->apply(all, kFacts, true).writes, 0U) << "after a restart";

    // What grew shrinks again: chains and sets go in an order that the kernel takes.
    PlanDelta gone;
    for (unsigned i = 1; i < 1200; ++i) {
        gone.removed.push_back({"default", "svc-" + std::to_string(i)});
    }
    const auto removed = backend->apply(gone, kFacts, false);
    ASSERT_FALSE(removed.failure) << removed.failure->message();
    EXPECT_TRUE(removed.quarantined.empty());
    EXPECT_EQ(backend->audit().value().drifted, 0U);
    EXPECT_TRUE(backend->teardown());
    for (const auto family : kFamilies) {
        EXPECT_EQ(saved(GetParam(), family).find("SY-"), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Variants, IptablesBackendOnPrograms,
                         testing::Values(IptablesVariant::legacy, IptablesVariant::nft),
                         [](const auto& variant) {
                             return variant.param == IptablesVariant::legacy ? "legacy" : "nft";
                         });

}  // namespace
}  // namespace sy::iptables
