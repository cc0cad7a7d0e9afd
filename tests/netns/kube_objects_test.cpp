// The daemon follows the objects of an API server, however it serves them.
#include "tests/netns/kube_fixture.h"

namespace sy::lab {
namespace {

class KubeObjects : public KubeTest {
  protected:
    /// An object that says of itself what the manifest says, and one more label.
    static std::string labelled(std::string manifest, const std::string& label,
                                const std::string& value) {
        const std::string labels = R"("labels": {)";
        const std::string pair = "\"" + label + R"(": ")" + value + '"';
        if (const std::size_t at = manifest.find(labels); at != std::string::npos) {
            return manifest.insert(at + labels.size(), pair + ", ");
        }
        const std::string metadata = R"("metadata": {)";
        return manifest.insert(manifest.find(metadata) + metadata.size(), labels + pair + "}, ");
    }
    /// A slice with the node's pod in one zone and the far pod in another.
    std::string zoned_pods() const {
        return manifest(slice("shop/web", family())
                            .port(kServerPort.number())
                            .endpoint(at(Place::pod1), "node", Pod::ready, {"here"})
                            .endpoint(at(Place::podr), "node2", Pod::ready, {"there"}));
    }
    std::string node_in(const std::string& zone) const {
        Node node;
        node.name = "node";
        node.zone = zone;
        for (const Family each : kFamilies) {
            node.addresses.push_back(address(Place::node, each));
            node.pod_cidrs.push_back(pod_network(each));
        }
        return manifest(node);
    }
};
SY_EVERY_FAMILY(KubeObjects);

TEST_P(KubeObjects, ListThenEveryKindOfChange) {
    put_web({Place::pod1});
    start();
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    put_web({Place::pod1, Place::podr});
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq", "podr masq"}));
    put_web({});
    EXPECT_TRUE(becomes(web_flow(), {"refused"}));
    server.put_all(web("shop/more", 2) + pods("shop/more", {Place::pod2}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(2), Port(80)), {"pod2 masq"}));
    server.remove("services", "shop", "web");
    EXPECT_TRUE(becomes(web_flow(), {"silent"}));
    EXPECT_TRUE(watching());
    EXPECT_EQ(daemon->terminate(), 0);
}

TEST_P(KubeObjects, AsksForWhatItNeedsAndNoMore) {
    put_web();
    start();
    ASSERT_TRUE(synced());
    ASSERT_TRUE(watching());
    for (const SeenRequest& seen : server.requests()) {
        const bool of_services = seen.resource == "services";
        const bool of_slices = seen.resource == "endpointslices";
        const std::string& target = seen.target;
        if (seen.verb != "list" && seen.verb != "watch") {
            continue;
        }
        EXPECT_EQ(of_services, target.find("service-proxy-name") != std::string::npos) << target;
        EXPECT_EQ(of_services, target.find("clusterIP") != std::string::npos) << target;
        EXPECT_EQ(of_slices, target.find("headless") != std::string::npos) << target;
        EXPECT_EQ(seen.resource == "nodes", target.find("metadata.name") != std::string::npos)
            << target;
        EXPECT_EQ(seen.user, "token");
    }
}

TEST_P(KubeObjects, StreamsWhereTheServerCan) {
    put_web();
    start();
    EXPECT_TRUE(becomes(web_flow(), masqueraded({Place::pod1, Place::podr})));
    EXPECT_EQ(server.requests("list", "services"), 0u);
    EXPECT_EQ(server.requests("list", "endpointslices"), 0u);
}

TEST_P(KubeObjects, ListsInPagesWhereItCannotStream) {
    server.configure([](ApiServerOptions& options) { options.watch_list = WatchList::invalid; });
    server.load(bulk(1700));
    put_web();
    start();
    EXPECT_TRUE(becomes(web_flow(), masqueraded({Place::pod1, Place::podr})));
    ASSERT_TRUE(watching());
    // The first list may come from a cache, which knows no pages. Later ones must be fresh.
    server.forget_requests();
    server.expire_watches();
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
    EXPECT_TRUE(eventually([this] { return server.requests("list", "services") >= 4; }));
}

TEST_P(KubeObjects, ListsWhereStreamingIsIgnored) {
    server.configure([](ApiServerOptions& options) { options.watch_list = WatchList::ignored; });
    put_web();
    start();
    EXPECT_TRUE(becomes(web_flow(), masqueraded({Place::pod1, Place::podr})));
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
}

TEST_P(KubeObjects, APageThatIsTooOldMeansAFreshList) {
    server.configure([](ApiServerOptions& options) { options.watch_list = WatchList::invalid; });
    server.load(bulk(1200));
    put_web();
    start();
    EXPECT_TRUE(becomes(web_flow(), masqueraded({Place::pod1, Place::podr})));
    ASSERT_TRUE(watching());
    ApiFault fault;
    fault.verb = "list";
    fault.target = "continue=";
    fault.status = 410;
    fault.times = 3;
    server.inject(fault);
    server.expire_watches();
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
}

TEST_P(KubeObjects, AServerUpgradeChangesTheWayButNotTheRules) {
    put_web();
    server.configure([](ApiServerOptions& options) { options.watch_list = WatchList::invalid; });
    start();
    EXPECT_TRUE(becomes(web_flow(), masqueraded({Place::pod1, Place::podr})));
    for (const WatchList mode : {WatchList::supported, WatchList::invalid}) {
        server.stop();
        server.configure([&](ApiServerOptions& options) { options.watch_list = mode; });
        server.compact();
        server.put_all(web("shop/later", 2));
        server.start();
        put_web({mode == WatchList::invalid ? Place::pod1 : Place::pod2});
        EXPECT_TRUE(becomes(web_flow(), {mode == WatchList::invalid ? "pod1 masq" : "pod2 masq"}));
    }
}

TEST_P(KubeObjects, WithoutServiceCidrs) {
    server.configure(
        [](ApiServerOptions& options) { options.absent_groups.insert("networking.k8s.io"); });
    put_web();
    start();
    EXPECT_TRUE(becomes(web_flow(), masqueraded({Place::pod1, Place::podr})));
    EXPECT_TRUE(daemon->running());
}

TEST_P(KubeObjects, LabelsThatTakeObjectsAway) {
    const std::string proxy = "service.kubernetes.io/service-proxy-name";
    const std::string headless = "service.kubernetes.io/headless";
    put_web({Place::pod1});
    start();
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    server.put_all(labelled(web("shop/web", 1), proxy, "somebody-else"));
    EXPECT_TRUE(becomes(web_flow(), {"silent"}));
    server.put_all(web("shop/web", 1));
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    server.put_all(labelled(pods("shop/web", {Place::pod1}), headless, ""));
    EXPECT_TRUE(becomes(web_flow(), {"refused"}));
    server.put_all(pods("shop/web", {Place::pod1}));
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
}

TEST_P(KubeObjects, TheNodesZoneCounts) {
    server.put_all(node_in("here") + web("shop/web", 1) + zoned_pods());
    start();
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    server.put_all(node_in("there"));
    EXPECT_TRUE(becomes(web_flow(), {"podr masq"}));
    server.put_all(node_in(""));
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq", "podr masq"}));
}

TEST_P(KubeObjects, TheNodesPodNetworksCountAsTheyChange) {
    const Flow from_pod = tcp(Place::pod2, vip(1), Port(80));
    put_web({Place::pod1});
    start({"--detect-local-mode=NodeCIDR"});
    EXPECT_TRUE(becomes(from_pod, {"pod1 kept"}));
    Node elsewhere;
    elsewhere.name = "node";
    for (const Family each : kFamilies) {
        elsewhere.addresses.push_back(address(Place::node, each));
    }
    server.put_all(manifest(elsewhere));
    EXPECT_TRUE(logs("pods of this node are not recognised yet"));
    elsewhere.pod_cidrs = {*Cidr::parse("10.255.0.0/16"), *Cidr::parse("fd00:255::/64")};
    server.put_all(manifest(elsewhere));
    EXPECT_TRUE(becomes(from_pod, {"pod1 masq"}));
    server.put_all(cluster_manifest());
    EXPECT_TRUE(becomes(from_pod, {"pod1 kept"}));
}

TEST_P(KubeObjects, AMalformedObjectCostsItselfOnly) {
    put_web({Place::pod1});
    const auto bad = [](const std::string& name, const std::string& rest) {
        return R"({"metadata":{"name":")" + name +
               R"(","namespace":"shop","resourceVersion":"1"},)" + rest + "}";
    };
    server.put_raw("services", "shop", "a", bad("a", R"("spec":"what")"));
    server.put_raw("services", "shop", "zz", bad("zz", R"("spec":{"ports":{"a":1}})"));
    server.put_raw("endpointslices", "shop", "a",
                   bad("a", R"("addressType":17,"endpoints":[{"addresses":"x"}],"ports":[null])"));
    start();
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    server.put_raw("services", "shop", "b", bad("b", R"("spec":{"clusterIP":["x"],"ports":7})"));
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
    EXPECT_TRUE(daemon->running());
}

TEST_P(KubeObjects, PoisonousNames) {
    const std::string names[] = {
        R"(; nft flush ruleset)", R"(\" ; }\n\u0000)",     R"(../../etc)",
        std::string(3000, 'x'),   R"(\u202e\ud83d\ude00)",
    };
    unsigned n = 10;
    for (const std::string& name : names) {
        const std::string ip = vip(n++).to_string();
        server.put(
            R"({"apiVersion":"v1","kind":"Service","metadata":{"namespace":"shop","name":")" +
            name + R"("},"spec":{"type":"ClusterIP","clusterIP":")" + ip + R"(","clusterIPs":[")" +
            ip + R"("],"ports":[{"name":")" + name + R"(","protocol":"TCP","port":80}]}})");
    }
    put_web({Place::pod1});
    start();
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
    EXPECT_TRUE(daemon->running());
    for (const char c : daemon->log()) {
        EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
    }
}

}  // namespace
}  // namespace sy::lab
