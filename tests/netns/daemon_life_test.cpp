// The daemon's life: ends, deaths, restarts, rivals, damage, cleanup.
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include "tests/netns/daemon_fixture.h"
#include "tests/support/backend_fixture.h"
#include "tests/support/traffic.h"

namespace sy::lab {
namespace {

class DaemonLife : public DaemonTest {
  protected:
    void TearDown() override {
        remove_foreign(lab());
        DaemonTest::TearDown();
    }
    void write_web() {
        folder.replace("web.yaml",
                       manifest(web_service()) + pods("shop/web", {Place::pod1, Place::podr}));
    }
    static std::string bulk_name(unsigned n) { return "bulk/s" + std::to_string(n); }
    ServiceSpec bulk_service(unsigned n) const {
        return service(bulk_name(n)).ip(bulk_ip(n)).port(80).node_port(bulk_port(n));
    }
    static uint16_t bulk_port(unsigned n) { return static_cast<uint16_t>(32000 + n); }
    /// The same objects, given to a backend that knows only what the dead daemon left in the
    /// kernel: had the daemon left anything wrong, missing or superfluous, it would write.
    void expect_equal_to_fresh_build(unsigned services, Place place) {
        Cluster fresh(lab(), contenders().front());
        fresh.put(web_service());
        SliceSpec web_pods = slice("shop/web", family()).port(kServerPort.number());
        on(web_pods, family(), Place::pod1);
        fresh.put(on(web_pods, family(), Place::podr));
        for (unsigned n = 1; n <= services; ++n) {
            fresh.put(bulk_service(n));
            SliceSpec spec = slice(bulk_name(n), family()).port(kServerPort.number());
            fresh.put(on(spec, family(), place));
        }
        EXPECT_EQ(fresh.must_sync().writes, 0u);
    }
    ServiceSpec web_service() const {
        return service("shop/web").ip(vip(1)).port(80).node_port(30001);
    }
    /// The daemon says that the first pass is in the kernel.
    bool synced() const {
        return eventually([&] { return daemon->log().find("synced") != std::string::npos; });
    }
    Flow flow() const { return tcp(Place::ext, vip(1), Port(80)); }
    const std::set<std::string> both{"pod1 masq", "podr masq"};
};
SY_EVERY_FAMILY(DaemonLife);

TEST_P(DaemonLife, RulesStayWhenItEnds) {
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    Session session = Session::open(lab(), flow());
    const std::string before = ruleset();
    EXPECT_EQ(daemon->terminate(), 0);
    EXPECT_EQ(ruleset(), before);
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 16));
    EXPECT_TRUE(session.echo("orphaned"));
}

TEST_P(DaemonLife, ARestartWritesNothing) {
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    daemon->kill();
    const std::string before = ruleset();
    start();
    EXPECT_TRUE(synced());
    EXPECT_NE(daemon->log().find("0 writes"), std::string::npos);
    EXPECT_EQ(ruleset(), before);
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 16));
    EXPECT_TRUE(daemon->running());
}

TEST_P(DaemonLife, WhatChangedMeanwhileIsCaughtUp) {
    write_web();
    folder.replace("old.yaml", web("shop/old", 2) + pods("shop/old", {Place::pod1}));
    start();
    EXPECT_TRUE(becomes(flow(), both));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(2), Port(80)), {"pod1 masq"}));
    daemon->kill();
    folder.remove("old.yaml");
    folder.replace("new.yaml", web("shop/new", 3) + pods("shop/new", {Place::pod2}));
    folder.replace("web.yaml", web("shop/web", 1) + pods("shop/web", {Place::pod2}));
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 8));
    start();
    EXPECT_TRUE(becomes(flow(), {"pod2 masq"}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(3), Port(80)), {"pod2 masq"}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(2), Port(80)), {"silent"}));
}

TEST_P(DaemonLife, AFileBrokenAtStartKeepsItsRules) {
    write_web();
    folder.replace("old.yaml", web("shop/old", 2) + pods("shop/old", {Place::pod1}));
    start();
    const Flow old = tcp(Place::ext, vip(2), Port(80));
    EXPECT_TRUE(becomes(old, {"pod1 masq"}));
    daemon->kill();
    folder.replace("old.yaml", "kind: [");
    start();
    ASSERT_TRUE(synced());
    EXPECT_TRUE(expect_reaches(lab(), old, {"pod1 masq"}, 8));
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 16));
    // Once everything can be read, what nobody asks for goes.
    folder.remove("old.yaml");
    EXPECT_TRUE(becomes(old, {"silent"}));
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 16));
}

TEST_P(DaemonLife, SigkillAtAnyMoment) {
    constexpr unsigned kServices = 2000;
    constexpr unsigned kKills = 20;
    const auto many = [&](Place place) {
        std::string text;
        for (unsigned n = 1; n <= kServices; ++n) {
            text += manifest(bulk_service(n)) + pods(bulk_name(n), {place});
        }
        return text;
    };
    write_web();
    folder.replace("bulk.yaml", many(Place::pod1));
    const auto begun = std::chrono::steady_clock::now();
    start();
    ASSERT_TRUE(synced());
    // Kills are spread over the time a start takes here, to hit reading, adopting and committing.
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun);
    EXPECT_TRUE(becomes(flow(), both));
    Session session = Session::open(lab(), flow());
    ASSERT_TRUE(session);
    Traffic traffic(lab(), flow());
    std::mt19937 random{7};
    unsigned before_sync = 0;
    for (unsigned i = 0; i < kKills; ++i) {
        before_sync += daemon->log().find("synced") == std::string::npos ? 1 : 0;
        daemon->kill();
        folder.replace("bulk.yaml", many(i % 2 == 0 ? Place::pod2 : Place::pod1));
        start();
        std::this_thread::sleep_for(whole * (random() % 120) / 100);
        EXPECT_TRUE(session.echo("kill " + std::to_string(i)));
    }
    std::cout << before_sync << " of " << kKills << " kills came before the first sync was over\n";
    daemon->kill();
    folder.replace("bulk.yaml", many(Place::podr));
    start();
    for (unsigned n : {1u, 2u, 999u, 1999u, 2000u}) {
        EXPECT_TRUE(becomes(tcp(Place::ext, bulk_ip(n), Port(80)), {"podr masq"}));
        EXPECT_TRUE(becomes(tcp(Place::ext, node_ip(), Port(bulk_port(n))), {"podr masq"}));
    }
    EXPECT_TRUE(session.echo("after all"));
    for (const auto& [outcome, count] : traffic.stop()) {
        EXPECT_TRUE(both.contains(outcome)) << count << " times " << outcome;
    }
    daemon->kill();
    expect_equal_to_fresh_build(kServices, Place::podr);
}

TEST_P(DaemonLife, NothingIsWrittenBeforeTheListsAreComplete) {
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    daemon->kill();
    const std::string before = ruleset();
    // The folder is gone altogether: that is "not told", not "deleted".
    ManifestFolder nowhere;
    const std::filesystem::path path = nowhere.path();
    std::filesystem::remove(path);
    const Result<Finished> finished =
        run_switchyard(lab(), {"run", "--manifests", path.string(), "--hostname-override", "node",
                               "--conntrack-max-per-core", "0"});
    ASSERT_TRUE(finished);
    EXPECT_NE(finished->status, 0);
    EXPECT_NE(finished->err.find(path.filename().string()), std::string::npos) << finished->err;
    EXPECT_EQ(ruleset(), before);
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 8));
}

TEST_P(DaemonLife, DamageIsMendedSoon) {
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    Session session = Session::open(lab(), flow());
    for (const Damage& one : contenders().front().view->damages(lab(), family())) {
        SCOPED_TRACE(one.what);
        // Let late acknowledgements pass. With the table the node forgets for a moment whose they
        // are: one that is lost is sent again, and then resets the connection.
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        node_command(one.command);
        EXPECT_TRUE(eventually([&] {
            return ruleset().find("intruder") == std::string::npos &&
                   reached(lab(), flow(), 8, kSilence) == both;
        }));
        EXPECT_TRUE(expect_reaches(lab(), tcp(Place::ext, node_ip(), Port(30001)), both, 8));
        EXPECT_TRUE(session.echo(one.what));
    }
    EXPECT_TRUE(daemon->running());
}

TEST_P(DaemonLife, ASecondDaemonRefuses) {
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    Daemon rival(lab(), folder);
    EXPECT_NE(rival.wait(), 0);
    EXPECT_FALSE(rival.log().empty());
    EXPECT_TRUE(daemon->running());
    const Result<Finished> cleanup = run_switchyard(lab(), {"cleanup"});
    ASSERT_TRUE(cleanup);
    EXPECT_NE(cleanup->status, 0) << "cleanup under a running daemon";
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 8));
}

TEST_P(DaemonLife, CleanupLeavesNothingOfOursAndAllOfTheOthers) {
    plant_foreign(lab());
    const std::string foreign = ruleset();
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    EXPECT_NE(ruleset(), foreign);
    EXPECT_EQ(daemon->terminate(), 0);
    for (int i = 0; i < 2; ++i) {
        const Result<Finished> cleanup = run_switchyard(lab(), {"cleanup"});
        ASSERT_TRUE(cleanup);
        EXPECT_EQ(cleanup->status, 0) << cleanup->err;
        EXPECT_EQ(ruleset(), foreign);
    }
}

TEST_P(DaemonLife, TakesAwayWhatKubeProxyLeftWhenItsOwnRulesAreThere) {
    node_command({"nft", "add", "table", "ip", "kube-proxy"});
    node_command({"nft", "add", "chain", "ip", "kube-proxy", "services"});
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    EXPECT_TRUE(eventually([&] { return ruleset().find("kube-proxy") == std::string::npos; }));
    EXPECT_TRUE(expect_reaches(lab(), flow(), both, 8));
}

TEST_P(DaemonLife, HangupChecksAgain) {
    write_web();
    start();
    EXPECT_TRUE(becomes(flow(), both));
    daemon->signal(SIGHUP);
    folder.replace("web.yaml", web("shop/web", 1) + pods("shop/web", {Place::pod2}));
    EXPECT_TRUE(becomes(flow(), {"pod2 masq"}));
    EXPECT_TRUE(daemon->running());
}

TEST_P(DaemonLife, NodePortAddressesFollowTheInterfaces) {
    write_web();
    const std::string both_families = "0.0.0.0/0,::/0";
    start({"--nodeport-addresses", both_families});
    const Flow primary = tcp(Place::ext, node_ip(), Port(30001));
    const Flow second = tcp(Place::ext, second_node_address(family()), Port(30001));
    EXPECT_TRUE(becomes(primary, both));
    EXPECT_TRUE(becomes(second, both));
    EXPECT_TRUE(becomes(tcp(Place::ext, node_link_address(family()), Port(30001)), both));
    const IpAddr late = lb(77);  // any address that everybody routes to the node
    const std::string host = late.to_string() + (family() == Family::ipv4 ? "/32" : "/128");
    node_command({"ip", "addr", "add", host, "dev", "up0"});
    EXPECT_TRUE(becomes(tcp(Place::ext, late, Port(30001)), both));
    node_command({"ip", "addr", "del", host, "dev", "up0"});
    EXPECT_TRUE(becomes(tcp(Place::ext, late, Port(30001)), {"silent"}));
    EXPECT_TRUE(becomes(primary, both));
}

TEST_P(DaemonLife, NodePortAddressesByNetwork) {
    write_web();
    const std::string width = family() == Family::ipv4 ? "/24" : "/64";
    start({"--nodeport-addresses", second_node_address(family()).to_string() + width});
    EXPECT_TRUE(becomes(tcp(Place::ext, second_node_address(family()), Port(30001)), both));
    EXPECT_TRUE(becomes(tcp(Place::ext, node_ip(), Port(30001)), {"refused"}));
}

}  // namespace
}  // namespace sy::lab
