// Local routes of the IPVS backend on the real kernel, whatever that knows of IPVS.
#include <string>
#include <vector>

#include "tests/vm/ipvs_kernel_lab.h"

namespace sy::ipvs {
namespace {

class IpvsRoutes : public IpvsSeamLab {
  protected:
    void SetUp() override {
        IpvsSeamLab::SetUp();
        for (const auto& line : std::vector<std::vector<std::string>>{
                 {"link", "add", "eth0", "type", "veth", "peer", "name", "far"},
                 {"addr", "add", "192.168.50.1/24", "dev", "eth0"},
                 {"addr", "add", "192.168.50.2/24", "dev", "eth0"},
                 {"addr", "add", "fd50::1/64", "dev", "eth0", "nodad"},
                 {"addr", "add", "fd50::2/64", "dev", "eth0", "nodad"},
                 {"link", "set", "eth0", "up"},
                 {"link", "set", "far", "up"}}) {
            ip(line);
        }
    }

    std::string ip(std::vector<std::string> words) {
        words.insert(words.begin(), "ip");
        return output(words);
    }
    std::string ours(const char* family) {
        return ip({family, "route", "show", "table", "local", "proto", "88"});
    }
    std::string of_others(const char* family) {
        return ip({family, "route", "show", "table", "local", "proto", "kernel"});
    }
};

TEST_F(IpvsRoutes, AreMadeReplacedAndRemoved) {
    commit({route("10.96.0.0/16", "192.168.50.1"), route("198.51.100.1/32", "192.168.50.1"),
            route("fd96::/112", "fd50::1"), route("2001:db8::1/128", "fd50::1")});
    EXPECT_EQ(ours("-4"),
              "local 10.96.0.0/16 dev lo scope host src 192.168.50.1 metric 88 \n"
              "local 198.51.100.1 dev lo scope host src 192.168.50.1 metric 88 \n");
    EXPECT_EQ(ours("-6"),
              "local 2001:db8::1 dev lo src fd50::1 metric 88 pref medium\n"
              "local fd96::/112 dev lo src fd50::1 metric 88 pref medium\n");
    const auto removed = open()->remove_all();
    ASSERT_TRUE(removed) << removed.error().message();
    EXPECT_EQ(ours("-4") + ours("-6"), "");
}

TEST_F(IpvsRoutes, OfAnotherSourceAreReplaced) {
    commit({route("10.96.0.0/16", "192.168.50.1"), route("fd96::/112", "fd50::1")});
    commit({route("10.96.0.0/16", "192.168.50.2"), route("fd96::/112", "fd50::2")});
    EXPECT_EQ(ours("-4"), "local 10.96.0.0/16 dev lo scope host src 192.168.50.2 metric 88 \n");
    EXPECT_EQ(ours("-6"), "local fd96::/112 dev lo src fd50::2 metric 88 pref medium\n");
    // Again the same, and the removal of what is gone.
    commit({route("10.96.0.0/16", "192.168.50.2"), route("fd96::/112", "fd50::2")});
    for (int i = 0; i < 2; ++i) {
        commit({route("10.96.0.0/16", "192.168.50.1", true), route("fd96::/112", "fd50::1", true)});
        EXPECT_EQ(ours("-4") + ours("-6"), "");
    }
}

TEST_F(IpvsRoutes, LeaveTheKernelsAndOthersAlone) {
    ip({"route", "add", "local", "10.96.0.0/16", "dev", "lo"});
    ip({"-6", "route", "add", "local", "fd96::/112", "dev", "lo"});
    const std::string before = of_others("-4") + of_others("-6");
    const std::string boot = ip({"route", "show", "table", "local", "proto", "boot"});
    const std::vector<RouteChange> clashes{
        route("10.96.0.0/16", "192.168.50.1"), route("fd96::/112", "fd50::1"),
        route("192.168.50.1/32", "192.168.50.1"), route("fd50::1/128", "fd50::1")};
    commit(clashes);
    EXPECT_EQ(of_others("-4") + of_others("-6"), before);
    std::vector<RouteChange> removals = clashes;
    for (RouteChange& change : removals) {
        change.remove = true;
    }
    commit(removals);
    commit(removals);
    EXPECT_EQ(of_others("-4") + of_others("-6"), before);
    EXPECT_EQ(ip({"route", "show", "table", "local", "proto", "boot"}), boot);
    EXPECT_EQ(ours("-4") + ours("-6"), "");
}

TEST_F(IpvsRoutes, ARefusalNamesItsOwner) {
    auto bad = route("198.51.100.9/32", "203.0.113.1");
    bad.owner = 5;
    auto bad6 = route("2001:db8::9/128", "2001:db8:1::1");
    bad6.owner = 6;
    const auto done = kernel_->commit(
        {route("10.96.0.0/16", "192.168.50.1"), bad, bad6, route("fd96::/112", "fd50::1")});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason, CommitError::Reason::change);
    EXPECT_EQ(done.error().suspects, (std::vector<uint32_t>{5, 6}));
    EXPECT_EQ(done.error().error.message(),
              "make a local route of 198.51.100.9/32 with source 203.0.113.1: Invalid argument");
    EXPECT_NE(ours("-4"), "");
    EXPECT_NE(ours("-6"), "") << "all others are carried out";
}

TEST_F(IpvsRoutes, InterfaceAddressesAreTold) {
    ip({"addr", "add", "10.9.9.9/32", "dev", "lo"});
    ip({"link", "add", "kube-ipvs0", "type", "veth", "peer", "name", "other"});
    ip({"addr", "add", "10.96.0.1/32", "dev", "kube-ipvs0"});
    commit({route("10.97.0.0/16", "192.168.50.1")});
    const auto told = kernel_->interface_addresses();
    ASSERT_TRUE(told) << told.error().message();
    std::vector<IpAddr> settled;
    for (const IpAddr& ip : *told) {
        if (!ip.to_string().starts_with("fe80")) {
            settled.push_back(ip);
        }
    }
    EXPECT_EQ(settled, (std::vector<IpAddr>{address("192.168.50.1"), address("192.168.50.2"),
                                            address("fd50::1"), address("fd50::2")}));
}

}  // namespace
}  // namespace sy::ipvs
