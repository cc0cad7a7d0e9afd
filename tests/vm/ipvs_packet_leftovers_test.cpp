// What kube-proxy's ipvs mode left is taken away on a kernel that has it, and nothing else.
#include "backends/kube_proxy/ipvs_leftovers.h"
#include "tests/vm/ipvs_packet_lab.h"

namespace sy::ipvs {
namespace {

using lab::Place;
using lab::Session;

struct News : Log {
    void write(LogLevel, std::string_view message) override {
        lines += std::string(message) + "\n";
    }
    std::string lines;
};

class KubeProxysServers : public IpvsPacketLab {
  protected:
    void TearDown() override {
        output({"ipvsadm", "--clear"});
        (void)lab::run_in(lab_.at(Place::node), {"ip", "link", "del", "kube-ipvs0"});
        IpvsPacketLab::TearDown();
    }

    static std::string at(const IpAddr& ip, uint16_t port) {
        return SocketAddress{ip, Port(port)}.to_string();
    }
    void serve(const IpAddr& ip, uint16_t port) {
        output({"ipvsadm", "-A", "-t", at(ip, port), "-s", "rr"});
        output({"ipvsadm", "-a", "-t", at(ip, port), "-r",
                at(lab::address(Place::pod1, GetParam()), 8080), "-m"});
    }
    bool is_served(const IpAddr& ip, uint16_t port) {
        return output({"ipvsadm", "-S", "-n"}).find("-A -t " + at(ip, port) + " ") !=
               std::string::npos;
    }
    bool remove(const std::vector<Cidr>& exclude = {}) {
        return kube_proxy::remove_ipvs_servers(exclude, news_);
    }
    IpAddr node() const { return lab::address(Place::node, GetParam()); }
    IpAddr second() const { return lab::cluster_ip(GetParam(), 2); }

    News news_;
};

INSTANTIATE_TEST_SUITE_P(Both, KubeProxysServers, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& family) { return std::string(to_string(family.param)); });

TEST_P(KubeProxysServers, GoAndNobodyElses) {
    output({"ip", "link", "add", "kube-ipvs0", "type", "dummy"});
    for (const IpAddr& ip : {vip(), second()}) {
        output({"ip", "addr", "add", ip.to_string(), "dev", "kube-ipvs0"});
        serve(ip, 80);
    }
    serve(node(), 30080);
    serve(node(), 6443);
    output({"ipvsadm", "-A", "-f", "7", "-s", "rr"});
    commit({new_server(server())});
    EXPECT_TRUE(remove({Cidr::make(second(), second().bits()).value()}));
    EXPECT_EQ(news_.lines, "removed 2 virtual servers that kube-proxy left\n");
    EXPECT_FALSE(is_served(vip(), 80));
    EXPECT_FALSE(is_served(node(), 30080));
    EXPECT_TRUE(is_served(second(), 80)) << "excluded";
    EXPECT_TRUE(is_served(node(), 6443)) << "not a NodePort";
    EXPECT_NE(output({"ipvsadm", "-S", "-n"}).find("-A -f 7 "), std::string::npos);
    EXPECT_EQ(kernel_->dump()->servers.size(), 1U);
}

TEST_P(KubeProxysServers, StayWhereKubeProxyNeverWas) {
    serve(vip(), 80);
    serve(node(), 30080);
    EXPECT_TRUE(remove());
    EXPECT_EQ(news_.lines, "");
    EXPECT_TRUE(is_served(vip(), 80));
    EXPECT_TRUE(is_served(node(), 30080));
}

TEST_P(KubeProxysServers, StayAsLongAsConnectionsAreOpen) {
    output({"nft", "flush", "ruleset"});
    output({"ip", "link", "add", "kube-ipvs0", "type", "dummy"});
    output({"ip", "addr", "add", vip().to_string(), "dev", "kube-ipvs0"});
    serve(vip(), 80);
    {
        Session session = Session::open(lab_, flow());
        ASSERT_TRUE(session) << describe(lab_, session.outcome());
        EXPECT_FALSE(remove());
        EXPECT_TRUE(is_served(vip(), 80));
        EXPECT_TRUE(session.echo("still here"));
    }
    for (int i = 0; i < 100 && !remove(); ++i) {
        usleep(100'000);
    }
    EXPECT_FALSE(is_served(vip(), 80));
    EXPECT_TRUE(remove());
}

}  // namespace
}  // namespace sy::ipvs
