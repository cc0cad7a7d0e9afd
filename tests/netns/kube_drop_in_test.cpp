// In place of kube-proxy: its configuration file, changed while the daemon runs, and no more rights
// than deploy/kubernetes gives.
#include <fstream>
#include <sstream>

#include "tests/netns/kube_fixture.h"

namespace sy::lab {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class KubeDropIn : public KubeTest {
  protected:
    /// As kubeadm writes it, with the lab's pods, and the limits of the host left alone.
    std::string configuration() const {
        std::ostringstream text;
        text << std::ifstream(SWITCHYARD_KUBEADM_CONFIG).rdbuf();
        return replaced(replaced(replaced(text.str(), "/var/lib/kube-proxy/kubeconfig.conf",
                                          write(credentials())),
                                 "10.244.0.0/16,fd00:10:244::/56",
                                 pod_network(Family::ipv4).to_string() + "," +
                                     pod_network(Family::ipv6).to_string()),
                        "maxPerCore: null", "maxPerCore: 0");
    }
    void start_configured(const std::string& text, std::vector<std::string> wrapper = {}) {
        path_ = files.write("config.conf", text);
        daemon = std::make_unique<Daemon>(
            lab(), std::vector<std::string>{"--config", path_, "--hostname-override=node"},
            std::move(wrapper));
    }
    void configure(const std::string& text) const { files.write("config.conf", text); }
    /// From a pod to the Service: its address is kept but under masqueradeAll.
    Flow from_pod() const { return tcp(Place::pod2, vip(1), Port(80)); }

  private:
    std::string path_;
};
SY_EVERY_FAMILY(KubeDropIn);

TEST_P(KubeDropIn, TakesKubeadmsFileAndFollowsItsChanges) {
    put_web({Place::pod1});
    start_configured(configuration());
    EXPECT_TRUE(becomes(from_pod(), {"pod1 kept"}));
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    ASSERT_TRUE(watching());

    const std::string masquerade = replaced(configuration(), "nftables:\n  masqueradeAll: false",
                                            "nftables:\n  masqueradeAll: true");
    configure(masquerade);
    EXPECT_TRUE(becomes(from_pod(), {"pod1 masq"}));

    configure("kind: [");
    EXPECT_TRUE(logs("the configuration that is in force stays"));
    EXPECT_TRUE(expect_reaches(lab(), from_pod(), {"pod1 masq"}, 8));

    const uint32_t before = generation();
    configure(replaced(masquerade, "oomScoreAdj: null", "oomScoreAdj: 7"));
    EXPECT_EQ(daemon->wait(), 1) << "what cannot be taken over ends it";
    EXPECT_TRUE(logs("cannot be taken over without a restart: oomScoreAdj"));
    EXPECT_EQ(generation(), before) << "the rules stay";
    EXPECT_EQ(server.watches("services"), 0u);
}

TEST_P(KubeDropIn, NeedsNoMoreRightsThanThePodHas) {
    put_web({Place::pod1});
    node_command({"iptables-nft", "-t", "nat", "-N", "KUBE-SERVICES"});
    const auto prepared = run_switchyard(
        lab(), {"--config", files.write("config.conf", configuration()), "--init-only"});
    ASSERT_TRUE(prepared && prepared->status == 0) << "the init container";
    // What the DaemonSet says: NET_ADMIN alone, a file system that is read-only but for the
    // folder of the lock, and /proc/sys as containers see it.
    const std::string pod =
        "mount --make-rprivate / && mkdir -p /run/switchyard && "
        "mount -t tmpfs tmpfs /run/switchyard && mount -o remount,bind,ro / && "
        "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && "
        "exec setpriv --bounding-set=-all,+net_admin --inh-caps=-all --no-new-privs \"$@\"";
    start_configured(configuration(), {"unshare", "-m", "sh", "-c", pod, "pod"});
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"})) << daemon->log();
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
    EXPECT_EQ(daemon->log().find(" error "), std::string::npos) << daemon->log();
    EXPECT_TRUE(eventually([&] { return server.requests("create", "events") > 0; }))
        << "it tells that it has started";
    EXPECT_TRUE(eventually([&] { return ruleset().find("KUBE-SERVICES") == std::string::npos; }))
        << "what kube-proxy left goes";
    EXPECT_EQ(daemon->log().find(" warning "), std::string::npos) << daemon->log();
}

}  // namespace
}  // namespace sy::lab
