// What kube-proxy left is taken away, and nothing else, with the real tools in a network namespace.
#include "backends/kube_proxy/leftovers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "os/links.h"
#include "tests/support/netns.h"

namespace sy::lab {
namespace {

struct Lines : Log {
    void write(LogLevel level, std::string_view message) override {
        (level >= LogLevel::warning ? warnings : news) += std::string(message) + "\n";
    }
    std::string news;
    std::string warnings;
};

/// A Service as kube-proxy's iptables mode writes it, and rules that are none of its business.
constexpr std::string_view kIptables =
    "*nat\n"
    ":PREROUTING ACCEPT [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n"
    ":POSTROUTING ACCEPT [0:0]\n"
    ":KUBE-SERVICES - [0:0]\n"
    ":KUBE-POSTROUTING - [0:0]\n"
    ":KUBE-MARK-MASQ - [0:0]\n"
    ":KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]\n"
    ":KUBE-SEP-4OHJ3WDKCVFQ7KHQ - [0:0]\n"
    ":KUBE-FIREWALL - [0:0]\n"
    ":OTHERS - [0:0]\n"
    "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
    "-A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
    "-A OUTPUT -j OTHERS\n"
    "-A POSTROUTING -j KUBE-POSTROUTING\n"
    "-A KUBE-SERVICES -p tcp -m comment --comment \"default/kubernetes:https cluster IP\" -m tcp "
    "--dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y\n"
    "-A KUBE-SVC-NPX46M4PTMTKRN6Y -m comment --comment \"-j OTHERS\" -j "
    "KUBE-SEP-4OHJ3WDKCVFQ7KHQ\n"
    "-A KUBE-SEP-4OHJ3WDKCVFQ7KHQ -j KUBE-MARK-MASQ\n"
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
    "-A OTHERS -m comment --comment \"mine\" -j RETURN\n"
    "COMMIT\n";

class Leftovers : public testing::Test {
  protected:
    void SetUp() override {
        if (geteuid() != 0) {
            GTEST_SKIP() << "network namespaces need root";
        }
        auto made = NetNs::create();
        ASSERT_TRUE(made) << made.error().message();
        ns = std::move(*made);
    }

    std::string output(const std::vector<std::string>& argv, std::string_view input = {}) {
        const auto out = must_run_in(*ns, argv, input);
        EXPECT_TRUE(out) << out.error().message();
        return out ? *out : "";
    }

    void remove() {
        const Entered inside(*ns);
        kube_proxy::remove_leftovers({}, log);
    }

    std::optional<NetNs> ns;
    Lines log;
};

TEST_F(Leftovers, NothingIsDoneWhereThereIsNothing) {
    output({"nft", "add", "table", "ip", "mine"});
    const std::string before = output({"nft", "list", "ruleset"});
    remove();
    EXPECT_EQ(log.news + log.warnings, "");
    EXPECT_EQ(output({"nft", "list", "ruleset"}), before);
}

TEST_F(Leftovers, OfNftablesModeGo) {
    for (const char* family : {"ip", "ip6"}) {
        output(
            {"nft", "-f", "-"},
            "table " + std::string(family) +
                " kube-proxy { chain services { }; chain p { type filter hook output priority 0; "
                "jump services; }; }\ntable " +
                family + " kube-proxy-of-others { }");
    }
    remove();
    EXPECT_EQ(log.warnings, "");
    EXPECT_NE(log.news.find("IPv4 table"), std::string::npos) << log.news;
    EXPECT_EQ(output({"nft", "list", "tables"}),
              "table ip kube-proxy-of-others\ntable ip6 kube-proxy-of-others\n");
}

class LeftoversOfIptables : public Leftovers, public testing::WithParamInterface<const char*> {};

TEST_P(LeftoversOfIptables, Go) {
    const std::string tool = GetParam();
    output({tool + "-restore"}, kIptables);
    remove();
    EXPECT_EQ(log.warnings, "");
    EXPECT_NE(log.news.find(tool), std::string::npos) << log.news;
    const std::string after = output({tool + "-save", "-t", "nat"});
    EXPECT_EQ(after.find("KUBE-S"), std::string::npos) << after;
    EXPECT_EQ(after.find("KUBE-POSTROUTING"), std::string::npos) << after;
    EXPECT_NE(after.find("-A OUTPUT -j OTHERS"), std::string::npos) << after;
    EXPECT_NE(after.find(":KUBE-FIREWALL - "), std::string::npos) << "the kubelet's";
    log.news.clear();
    remove();
    EXPECT_EQ(log.news, "") << "a second time there is nothing to do";
}

INSTANTIATE_TEST_SUITE_P(EveryTool, LeftoversOfIptables,
                         testing::Values("iptables-nft", "ip6tables-nft", "iptables-legacy",
                                         "ip6tables-legacy"),
                         [](const auto& tool) {
                             std::string name = tool.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

/// What kube-proxy's ipvs mode writes, and a set of somebody else.
void make_ipvs_leftovers(const std::function<std::string(const std::vector<std::string>&)>& run,
                         const std::string& tool) {
    run({"ipset", "create", "KUBE-CLUSTER-IP", "hash:ip,port"});
    run({"ipset", "create", "KUBE-6-LOOP-BACK", "hash:ip,port,ip", "family", "inet6"});
    run({"ipset", "create", "KUBE-6-LOAD-BALANCER-SOURCE-CID", "hash:ip,port,net", "family",
         "inet6"});
    run({"ipset", "create", "KUBE-ROUTER-PODS", "hash:ip"});
    run({tool, "-t", "nat", "-N", "KUBE-SERVICES"});
    run({tool, "-t", "nat", "-A", "KUBE-SERVICES", "-m", "set", "--match-set", "KUBE-CLUSTER-IP",
         "dst,dst", "-j", "ACCEPT"});
    run({tool, "-t", "nat", "-A", "OUTPUT", "-j", "KUBE-SERVICES"});
}

TEST_F(Leftovers, OfIpvsModeTheSetsGo) {
    for (const char* tool : {"iptables-nft", "iptables-legacy"}) {
        make_ipvs_leftovers([this](const auto& argv) { return output(argv); }, tool);
        log.news.clear();
        remove();
        EXPECT_EQ(log.warnings, "");
        EXPECT_NE(log.news.find("removed 3 sets"), std::string::npos) << log.news;
        EXPECT_EQ(output({"ipset", "list", "-n"}), "KUBE-ROUTER-PODS\n");
        output({"ipset", "destroy"});
    }
}

TEST_F(Leftovers, OfIpvsModeSetsThatOthersUseStay) {
    make_ipvs_leftovers([this](const auto& argv) { return output(argv); }, "iptables-nft");
    output({"iptables-nft", "-A", "INPUT", "-m", "set", "--match-set", "KUBE-CLUSTER-IP", "dst,dst",
            "-j", "ACCEPT"});
    remove();
    EXPECT_NE(log.warnings.find("KUBE-CLUSTER-IP"), std::string::npos) << log.warnings;
    const auto left = output({"ipset", "list", "-n"});
    EXPECT_NE(left.find("KUBE-CLUSTER-IP"), std::string::npos);
    EXPECT_EQ(left.find("KUBE-6-"), std::string::npos);
}

TEST_F(Leftovers, OfIpvsModeTheInterfaceGoes) {
    const auto made = run_in(*ns, {"ip", "link", "add", "kube-ipvs0", "type", "dummy"});
    if (!made || made->status != 0) {
        GTEST_SKIP() << "this kernel has no dummy interfaces";
    }
    output({"ip", "address", "add", "10.96.0.1/32", "dev", "kube-ipvs0"});
    remove();
    EXPECT_EQ(log.warnings, "");
    EXPECT_NE(log.news.find("kube-ipvs0"), std::string::npos) << log.news;
    EXPECT_EQ(output({"ip", "-br", "link"}).find("kube-ipvs0"), std::string::npos);
}

TEST_F(Leftovers, AnInterfaceOfAnotherKindStays) {
    output({"ip", "link", "add", "kube-ipvs0", "type", "veth", "peer", "name", "peer"});
    remove();
    EXPECT_EQ(log.news + log.warnings, "");
    EXPECT_NE(output({"ip", "-br", "link"}).find("kube-ipvs0"), std::string::npos);
    const Entered inside(*ns);
    const auto removed = remove_link("kube-ipvs0", "veth");
    ASSERT_TRUE(removed) << removed.error().message();
    EXPECT_TRUE(*removed);
    EXPECT_EQ(output({"ip", "-br", "link"}).find("kube-ipvs0"), std::string::npos);
    EXPECT_FALSE(remove_link("kube-ipvs0", "veth").value_or(true));
}

}  // namespace
}  // namespace sy::lab
