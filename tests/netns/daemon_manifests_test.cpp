// The daemon follows its manifests: every way files change, and what happens when they are bad.
#include "tests/netns/daemon_fixture.h"

namespace sy::lab {
namespace {

class DaemonManifests : public DaemonTest {};
SY_EVERY_FAMILY(DaemonManifests);

TEST_P(DaemonManifests, FirstSyncAndEveryKindOfChange) {
    folder.replace("web.yaml", web("shop/web", 1) + pods("shop/web", {Place::pod1}));
    start();
    const Flow flow = tcp(Place::pod2, vip(1), Port(80));
    EXPECT_TRUE(becomes(flow, {"pod1 kept"}));
    folder.replace("web.yaml", web("shop/web", 1) + pods("shop/web", {Place::podr}));
    EXPECT_TRUE(becomes(flow, {"podr kept"}));
    folder.write_slowly("web.yaml",
                        web("shop/web", 1) + pods("shop/web", {Place::pod1, Place::podr}));
    EXPECT_TRUE(becomes(flow, {"pod1 kept", "podr kept"}));
    folder.replace("web.yaml", web("shop/web", 1));
    EXPECT_TRUE(becomes(flow, {"refused"}));
    folder.replace("more.json", pods("shop/web", {Place::pod1}));
    // One document of a .json file; the separator is YAML's alone.
    folder.replace("more.json", [&] {
        std::string text = pods("shop/web", {Place::pod1});
        return text.substr(0, text.rfind("---"));
    }());
    EXPECT_TRUE(becomes(flow, {"pod1 kept"}));
    folder.remove("more.json");
    EXPECT_TRUE(becomes(flow, {"refused"}));
    folder.remove("web.yaml");
    EXPECT_TRUE(becomes(flow, {"silent"}));
    EXPECT_TRUE(daemon->running());
    EXPECT_EQ(daemon->terminate(), 0);
}

TEST_P(DaemonManifests, ConfigMapStyleSwap) {
    folder.remove("cluster.yaml");
    const auto files = [&](Place place) {
        return std::map<std::string, std::string>{
            {"cluster.yaml", cluster_manifest()},
            {"web.yaml", web("shop/web", 1) + pods("shop/web", {place})}};
    };
    folder.swap(files(Place::pod1));
    start();
    const Flow flow = tcp(Place::ext, vip(1), Port(80));
    EXPECT_TRUE(becomes(flow, {"pod1 masq"}));
    for (Place place : {Place::podr, Place::pod2, Place::pod1}) {
        folder.swap(files(place));
        EXPECT_TRUE(becomes(flow, {std::string(to_string(place)) + " masq"}));
    }
}

TEST_P(DaemonManifests, ABrokenFileKeepsTheRestAndItsLastGoodVersion) {
    folder.replace("a.yaml", web("shop/a", 1) + pods("shop/a", {Place::pod1}));
    folder.replace("b.yaml", web("shop/b", 2) + pods("shop/b", {Place::pod2}));
    start();
    const Flow a = tcp(Place::ext, vip(1), Port(80));
    const Flow b = tcp(Place::ext, vip(2), Port(80));
    EXPECT_TRUE(becomes(a, {"pod1 masq"}));
    EXPECT_TRUE(becomes(b, {"pod2 masq"}));
    folder.replace("a.yaml", "kind: Service\n  this: [is not\n: yaml");
    folder.replace("b.yaml", web("shop/b", 2) + pods("shop/b", {Place::podr}));
    EXPECT_TRUE(becomes(b, {"podr masq"}));
    EXPECT_TRUE(becomes(a, {"pod1 masq"}));
    // One bad document among good ones: the good ones count, the bad one keeps its last version.
    std::string bad_service = web("shop/a", 1);
    bad_service.replace(bad_service.find("\"port\": 80"), 10, "\"port\": \"eighty\"");
    folder.replace("a.yaml", bad_service + pods("shop/a", {Place::podr}));
    EXPECT_TRUE(becomes(a, {"podr masq"}));
    EXPECT_NE(daemon->log().find("a.yaml"), std::string::npos);
    folder.replace("a.yaml", web("shop/a", 3) + pods("shop/a", {Place::pod1}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(3), Port(80)), {"pod1 masq"}));
    EXPECT_TRUE(becomes(a, {"silent"}));
}

TEST_P(DaemonManifests, ABurstOfFilesEndsRight) {
    start();
    for (unsigned n = 1; n <= 200; ++n) {
        const std::string name = "shop/s" + std::to_string(n);
        folder.replace("s" + std::to_string(n) + ".yaml", web(name, n) + pods(name, {Place::pod1}));
    }
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(200), Port(80)), {"pod1 masq"}));
    std::vector<Flow> flows;
    for (unsigned n = 1; n <= 200; ++n) {
        flows.push_back(tcp(Place::ext, vip(n), Port(80)));
    }
    EXPECT_TRUE(eventually([&] {
        std::set<std::string> seen;
        for (const Outcome& outcome : attempt(lab(), flows)) {
            seen.insert(describe(lab(), outcome));
        }
        return seen == std::set<std::string>{"pod1 masq"};
    }));
    for (unsigned n = 1; n <= 200; n += 2) {
        folder.remove("s" + std::to_string(n) + ".yaml");
    }
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(199), Port(80)), {"silent"}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(200), Port(80)), {"pod1 masq"}));
}

TEST_P(DaemonManifests, SourceRangesAndPoliciesArriveAsWritten) {
    folder.replace("web.yaml", manifest(service("shop/web")
                                            .ip(vip(1))
                                            .port(80)
                                            .node_port(30001)
                                            .load_balancer(lb(1))
                                            .external_local()
                                            .allow(allowed_network(family()).to_string())) +
                                   pods("shop/web", {Place::pod1, Place::podr}));
    start();
    EXPECT_TRUE(becomes(tcp(Place::ext, lb(1), Port(80)), {"pod1 kept"}));
    EXPECT_TRUE(becomes(tcp(Place::ext, node_ip(), Port(30001)), {"pod1 kept"}));
    EXPECT_TRUE(expect_silent(lab(), {tcp(Place::blk, lb(1), Port(80))}));
    EXPECT_TRUE(becomes(tcp(Place::pod2, node_ip(), Port(30001)), {"pod1 kept", "podr kept"}));
}

}  // namespace
}  // namespace sy::lab
