#include "backends/ipvs/kernel/host_settings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sy::ipvs {
namespace {

constexpr Timeouts kKernels{.tcp = 900, .tcp_fin = 120, .udp = 300};

TEST(WantedTimeouts, TcpIsAsLongAsConntracks) {
    EXPECT_EQ(wanted_timeouts({}, kKernels, 86400), (Timeouts{.tcp = 86400}));
    EXPECT_EQ(wanted_timeouts({}, kKernels, 600), (Timeouts{}));
    EXPECT_EQ(wanted_timeouts({}, kKernels, 0), (Timeouts{})) << "not known";
    EXPECT_EQ(wanted_timeouts({}, kKernels, UINT64_MAX), (Timeouts{.tcp = 21 * 24 * 3600}))
        << "the kernel counts in 31 bits";
}

TEST(WantedTimeouts, TheUserHasTheLastWord) {
    IpvsSettings settings;
    settings.tcp_timeout = 60;
    settings.udp_timeout = 7;
    EXPECT_EQ(wanted_timeouts(settings, kKernels, 86400), (Timeouts{.tcp = 60, .udp = 7}));
}

TEST(WantedSysctls, ArpIsStrictOnRequest) {
    const auto strict = [](bool on) {
        IpvsSettings settings;
        settings.strict_arp = on;
        return std::ranges::count_if(wanted_sysctls(settings), [](const WantedSysctl& one) {
            return one.name.find("/arp_") != std::string_view::npos;
        });
    };
    EXPECT_EQ(strict(false), 0);
    EXPECT_EQ(strict(true), 2);
}

}  // namespace
}  // namespace sy::ipvs
