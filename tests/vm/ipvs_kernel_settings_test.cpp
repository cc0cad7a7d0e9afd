// Settings of the host: changed for as long as we are at work, and brought back by any process.
#include <filesystem>
#include <string>

#include "tests/vm/ipvs_kernel_lab.h"

namespace sy::ipvs {
namespace {

class IpvsSettingsLab : public IpvsLab {
  protected:
    void prepare(const IpvsSettings& settings = {}) {
        const auto done = open(settings)->prepare();
        EXPECT_TRUE(done) << done.error().message();
    }
    /// All settings we may change, as one text.
    std::string settings() {
        std::string all;
        for (const char* name : {"net/ipv4/vs/conntrack", "net/ipv4/vs/expire_nodest_conn",
                                 "net/ipv4/vs/expire_quiescent_template", "net/ipv4/ip_forward",
                                 "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/arp_ignore",
                                 "net/ipv4/conf/all/arp_announce"}) {
            all += setting(name) + " ";
        }
        return all;
    }
    std::string timeouts() { return output({"ipvsadm", "--list", "--timeout"}); }
};

TEST_F(IpvsSettingsLab, AreWhatTheLayoutRestsOn) {
    prepare();
    EXPECT_EQ(settings(), "1 1 1 1 1 0 0 ");
    EXPECT_EQ(setting("net/ipv4/vs/conn_reuse_mode"), "1") << "the kernel's own choice";
    EXPECT_EQ(timeouts(), "Timeout (tcp tcpfin udp): 432000 120 300\n")
        << "TCP as long as conntrack's, the others as the kernel has them";
}

TEST_F(IpvsSettingsLab, AreBroughtBackByAnotherProcess) {
    const std::string before = settings();
    const std::string before_timeouts = timeouts();
    IpvsSettings wanted;
    wanted.strict_arp = true;
    wanted.tcp_timeout = 1000;
    wanted.tcp_fin_timeout = 20;
    wanted.udp_timeout = 30;
    prepare(wanted);
    prepare(wanted);
    EXPECT_EQ(settings(), "1 1 1 1 1 1 2 ");
    EXPECT_EQ(timeouts(), "Timeout (tcp tcpfin udp): 1000 20 30\n");
    ASSERT_TRUE(open()->remove_all());
    EXPECT_EQ(settings(), before);
    EXPECT_EQ(timeouts(), before_timeouts);
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
    ASSERT_TRUE(open()->remove_all()) << "a second time there is nothing to do";
}

TEST_F(IpvsSettingsLab, ThatAreWantedNoMoreAreBroughtBackAtOnce) {
    lab::set_sysctl(*ns_, "net/ipv4/conf/all/arp_announce", "1").value();
    IpvsSettings strict;
    strict.strict_arp = true;
    prepare(strict);
    EXPECT_EQ(settings(), "1 1 1 1 1 1 2 ");
    prepare();
    EXPECT_EQ(settings(), "1 1 1 1 1 0 1 ");
}

TEST_F(IpvsSettingsLab, ThatWereSoAlreadyStay) {
    lab::set_sysctl(*ns_, "net/ipv4/ip_forward", "1").value();
    lab::set_sysctl(*ns_, "net/ipv4/vs/conntrack", "1").value();
    prepare();
    ASSERT_TRUE(open()->remove_all());
    EXPECT_EQ(settings(), "1 0 0 1 0 0 0 ");
}

TEST_F(IpvsSettingsLab, ATimeoutTheHostHasLongerStays) {
    output({"ipvsadm", "--set", "500000", "0", "0"});
    prepare();
    EXPECT_EQ(timeouts(), "Timeout (tcp tcpfin udp): 500000 120 300\n");
}

TEST_F(IpvsSettingsLab, OfAnotherNamespaceAreItsOwn) {
    prepare();
    const auto other = lab::NetNs::create();
    ASSERT_TRUE(other);
    {
        const lab::Entered there(*other);
        ASSERT_TRUE(open()->remove_all());
    }
    EXPECT_EQ(settings(), "1 1 1 1 1 0 0 ");
    ASSERT_TRUE(open()->remove_all());
    EXPECT_EQ(settings(), "0 0 0 0 0 0 0 ");
}

TEST_F(IpvsSettingsLab, NothingIsLeftAfterRemoval) {
    prepare();
    const auto v4 = key(Family::ipv4, 1);
    const auto v6 = key(Family::ipv6, 1);
    commit({new_server(v4), change(Change::Kind::add, destination(v4, "10.0.0.1")), new_server(v6),
            change(Change::Kind::add, destination(v6, "fd00::1"))});
    commit({route("10.96.0.0/16", "127.0.0.1"), route("fd96::/112", "::1")});
    ASSERT_EQ(dump().routes.size(), 2U);
    ASSERT_TRUE(open()->remove_all());
    EXPECT_EQ(saved(), "");
    EXPECT_EQ(output({"ip", "-4", "route", "show", "table", "all", "proto", "88"}), "");
    EXPECT_EQ(output({"ip", "-6", "route", "show", "table", "all", "proto", "88"}), "");
    EXPECT_EQ(settings(), "0 0 0 0 0 0 0 ");
}

}  // namespace
}  // namespace sy::ipvs
