#include "agent/kernel_settings.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <string>

namespace sy {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class Lines : public Log {
  public:
    void write(LogLevel level, std::string_view message) override {
        (level == LogLevel::warning ? warnings : infos).emplace_back(message);
    }
    std::vector<std::string> infos;
    std::vector<std::string> warnings;
};

class KernelSettingsTest : public testing::Test {
  protected:
    KernelSettingsTest() {
        std::filesystem::create_directories(root_ / "net/netfilter");
        for (const auto& [name, value] :
             std::map<std::string, std::string>{{"max", "65536"},
                                                {"buckets", "16384"},
                                                {"tcp_timeout_established", "432000"},
                                                {"tcp_timeout_close_wait", "60"},
                                                {"udp_timeout", "30"},
                                                {"udp_timeout_stream", "120"},
                                                {"tcp_be_liberal", "0"}}) {
            put(name, value);
        }
    }
    ~KernelSettingsTest() override { std::filesystem::remove_all(root_); }

    std::string path(const std::string& name) const { return "net/netfilter/nf_conntrack_" + name; }
    void put(const std::string& name, const std::string& value) {
        std::ofstream(root_ / path(name)) << value << "\n";
    }
    uint64_t get(const std::string& name) const { return sysctl_.read(path(name)).value_or(0); }
    void apply(const KernelSettings& settings, unsigned cores = 2) {
        apply_kernel_settings(settings, cores, sysctl_, log_);
    }

    std::filesystem::path root_ = testing::TempDir() + "settings-" + std::to_string(getpid());
    Sysctl sysctl_{root_};
    Lines log_;
};

TEST_F(KernelSettingsTest, DefaultsAreThoseOfKubeProxy) {
    apply({});
    EXPECT_EQ(get("max"), 131072U);
    EXPECT_EQ(get("buckets"), 32768U);
    EXPECT_EQ(get("tcp_timeout_established"), 86400U);
    EXPECT_EQ(get("tcp_timeout_close_wait"), 3600U);
    EXPECT_EQ(get("udp_timeout"), 30U);
    EXPECT_EQ(get("udp_timeout_stream"), 120U);
    EXPECT_EQ(get("tcp_be_liberal"), 0U);
    EXPECT_THAT(log_.infos, Contains(HasSubstr("nf_conntrack_max raised from 65536 to 131072")));
    EXPECT_THAT(log_.warnings, IsEmpty());
}

TEST_F(KernelSettingsTest, TheTableGrowsWithTheCpusAndIsNeverLowered) {
    apply({}, 64);
    EXPECT_EQ(get("max"), 64U * 32768U);
    put("max", "5000000");
    put("buckets", "1000");
    apply({}, 64);
    EXPECT_EQ(get("max"), 5000000U);
    EXPECT_EQ(get("buckets"), 1000U) << "buckets follow only when the table was raised";
}

TEST_F(KernelSettingsTest, BucketsAreNotLoweredEither) {
    put("buckets", "262144");
    apply({});
    EXPECT_EQ(get("buckets"), 262144U);
}

TEST_F(KernelSettingsTest, ZeroLeavesAlone) {
    apply({.max_per_core = 0,
           .min = 1000000,
           .tcp_established = std::chrono::seconds(0),
           .tcp_close_wait = std::chrono::seconds(0)});
    EXPECT_EQ(get("max"), 65536U);
    EXPECT_EQ(get("tcp_timeout_established"), 432000U);
    EXPECT_EQ(get("tcp_timeout_close_wait"), 60U);
    EXPECT_THAT(log_.infos, IsEmpty());
}

TEST_F(KernelSettingsTest, UdpTimeoutsAndLiberalTcpOnRequest) {
    apply({.udp = std::chrono::seconds(10),
           .udp_stream = std::chrono::seconds(20),
           .tcp_be_liberal = true});
    EXPECT_EQ(get("udp_timeout"), 10U);
    EXPECT_EQ(get("udp_timeout_stream"), 20U);
    EXPECT_EQ(get("tcp_be_liberal"), 1U);
}

TEST_F(KernelSettingsTest, WhatCannotBeWrittenIsOneWarning) {
    std::filesystem::remove(root_ / path("max"));
    std::filesystem::remove(root_ / path("tcp_timeout_established"));
    apply({});
    ASSERT_EQ(log_.warnings.size(), 1U);
    EXPECT_THAT(log_.warnings[0], HasSubstr("nf_conntrack_max"));
    EXPECT_THAT(log_.warnings[0], HasSubstr("established"));
    EXPECT_EQ(get("tcp_timeout_close_wait"), 3600U) << "the others are written";
}

}  // namespace
}  // namespace sy
