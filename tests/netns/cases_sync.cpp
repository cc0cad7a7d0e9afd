// The sync engine at work in the kernel: cases 87 and 88, damage and repair (89), foreign objects.
#include <algorithm>

#include "tests/support/backend_fixture.h"
#include "tests/support/outside_view.h"

namespace sy::lab {
namespace {

class SyncCases : public PacketTest {
  protected:
    void TearDown() override {
        remove_foreign(lab());
        PacketTest::TearDown();
    }
    /// One Service of each kind, in both families at once.
    void put_variety() {
        cluster.put(service("shop/web")
                        .ip(cluster_ip(Family::ipv4, 1))
                        .ip(cluster_ip(Family::ipv6, 1))
                        .port(80)
                        .node_port(30001)
                        .load_balancer(lb(1))
                        .external_ip(ext_ip(1)));
        cluster.put(service("shop/local")
                        .ip(vip(2))
                        .port(80)
                        .node_port(30002)
                        .load_balancer(lb(2))
                        .external_local()
                        .internal_local()
                        .allow(allowed_network(family()).to_string()));
        cluster.put(service("shop/sticky").ip(vip(3)).port(80).node_port(30003).sticky(600));
        cluster.put(service("shop/empty").ip(vip(4)).port(80).port(81, Protocol::udp, "u"));
        cluster.put(service("shop/dns").ip(vip(5)).port(53, Protocol::udp).node_port(30005));
        for (Family each : kFamilies) {
            SliceSpec web = slice("shop/web", each).port(kServerPort.number());
            on(web, each, Place::pod1);
            cluster.put(on(web, each, Place::podr));
        }
        cluster.put(pods("shop/local", {Place::pod1, Place::podr}));
        cluster.put(pods("shop/sticky", {Place::pod1, Place::pod2, Place::podr}));
        cluster.put(pods("shop/dns", {Place::pod2}, Protocol::udp));
    }
    void remove_variety() {
        for (const char* name :
             {"shop/web", "shop/local", "shop/sticky", "shop/empty", "shop/dns"}) {
            cluster.remove(name);
        }
    }
    void expect_variety() {
        for (Family each : kFamilies) {
            EXPECT_TRUE(reaches(tcp(Place::ext, cluster_ip(each, 1), Port(80)),
                                {"pod1 masq", "podr masq"}, 8));
            EXPECT_TRUE(reaches(tcp(Place::pod2, address(Place::node, each), Port(30001)),
                                {"pod1 masq", "podr masq"}, 8));
        }
        EXPECT_TRUE(reaches(tcp(Place::ext, lb(2), Port(80)), {"pod1 kept"}, 4));
        EXPECT_TRUE(reaches(udp(Place::ext, node_ip(), Port(30005)), {"pod2 masq"}, 4));
        EXPECT_TRUE(silent({tcp(Place::blk, lb(2), Port(80))}));
        EXPECT_TRUE(refused({tcp(Place::pod2, vip(4), Port(80)), udp(Place::pod2, vip(4), Port(81)),
                             tcp(Place::pod2, vip(1), Port(99))}));
    }
    void expect_nothing_to_write() {
        const ApplyReport report = cluster.must_sync();
        EXPECT_EQ(report.writes, 0u);
        EXPECT_EQ(report.transactions, 0u);
    }
    void damage(const Damage& what) {
        const auto done = must_run_in(lab().at(Place::node), what.command);
        ASSERT_TRUE(done) << done.error().message();
    }
};
SY_EVERY_BACKEND(SyncCases);

TEST_P(SyncCases, SecondStartWritesNothing) {
    put_variety();
    EXPECT_GT(cluster.must_sync().writes, 0u);
    for (int start = 0; start < 2; ++start) {
        const KernelReport found = cluster.restart();
        EXPECT_GT(found.found, 0u);
        EXPECT_FALSE(found.rebuilt);
        expect_variety();  // before the first sync, too
        expect_nothing_to_write();
    }
    expect_variety();
}

TEST_P(SyncCases, NoChangeNoWrite) {
    put_variety();
    cluster.must_sync();
    expect_nothing_to_write();
    put_variety();  // equal objects are no change
    expect_nothing_to_write();
    const Result<KernelReport> audit = cluster.audit();
    ASSERT_TRUE(audit) << audit.error().message();
    EXPECT_EQ(audit->drifted, 0u);
    expect_nothing_to_write();
}

TEST_P(SyncCases, AChangeTouchesOnlyItsService) {
    for (unsigned n = 1; n <= 200; ++n) {
        const std::string name = "shop/s" + std::to_string(n);
        cluster.put(service(name).ip(vip(n)).port(80).node_port(static_cast<uint16_t>(30000 + n)));
        cluster.put(pods(name, {Place::pod1, Place::podr}));
    }
    cluster.must_sync();
    cluster.put(pods("shop/s7", {Place::pod1, Place::pod2}));
    const ApplyReport replaced = cluster.must_sync();
    EXPECT_GT(replaced.writes, 0u);
    EXPECT_LE(replaced.writes, 8u);
    EXPECT_EQ(replaced.transactions, 1u);
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(7), Port(80)), {"pod1 masq", "pod2 masq"}));
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(8), Port(80)), {"pod1 masq", "podr masq"}));
}

TEST_P(SyncCases, DeleteEverythingAndNothingIsLeft) {
    cluster.must_sync();
    const uint64_t empty = cluster.restart().found;
    cluster.must_sync();
    put_variety();
    cluster.must_sync();
    remove_variety();
    cluster.must_sync();
    cluster.settle();
    EXPECT_EQ(cluster.service_count(), 0u);
    EXPECT_EQ(cluster.restart().found, empty);
    expect_nothing_to_write();
    EXPECT_TRUE(silent({tcp(Place::ext, vip(1), Port(80)), tcp(Place::ext, lb(1), Port(80)),
                        udp(Place::pod1, vip(5), Port(53))}));
    EXPECT_TRUE(refused({tcp(Place::ext, node_ip(), Port(30001))}));
}

TEST_P(SyncCases, TeardownLeavesNothingAndMayBeRepeated) {
    put_variety();
    cluster.must_sync();
    EXPECT_NE(cluster.view().leftovers(lab()), "");
    cluster.teardown();
    EXPECT_EQ(cluster.view().leftovers(lab()), "");
    cluster.teardown();
    // By a process that never adopted anything.
    put_variety();
    cluster.restart();
    cluster.must_sync();
    {
        RecordingLog log;
        Entered inside(lab().at(Place::node));
        const Result<std::unique_ptr<Backend>> stranger = cluster.another(log);
        ASSERT_TRUE(stranger) << stranger.error().message();
        EXPECT_TRUE((*stranger)->teardown());
    }
    EXPECT_EQ(cluster.view().leftovers(lab()), "");
}

TEST_P(SyncCases, ProbeLeavesNoTrace) {
    cluster.teardown();
    RecordingLog log;
    Entered inside(lab().at(Place::node));
    const Result<std::unique_ptr<Backend>> fresh = cluster.another(log);
    ASSERT_TRUE(fresh) << fresh.error().message();
    EXPECT_TRUE((*fresh)->probe());
    EXPECT_TRUE((*fresh)->adopt());
    EXPECT_EQ(cluster.view().leftovers(lab()), "");
}

TEST_P(SyncCases, ServicesDeletedWhileNobodyWatched) {
    put_variety();
    cluster.must_sync();
    cluster.restart();
    cluster.remove("shop/dns");
    cluster.remove("shop/web");
    EXPECT_TRUE(reaches(udp(Place::pod1, vip(5), Port(53)), {"pod2 kept"}, 2));  // not told yet
    EXPECT_GT(cluster.must_sync().writes, 0u);
    EXPECT_TRUE(silent({udp(Place::pod1, vip(5), Port(53)), tcp(Place::ext, vip(1), Port(80))}));
    EXPECT_TRUE(refused({udp(Place::ext, node_ip(), Port(30005))}));
    EXPECT_TRUE(reaches(tcp(Place::ext, lb(2), Port(80)), {"pod1 kept"}, 4));
    const std::vector<EndpointAddr> orphans = cluster.backend().orphaned_udp_frontends();
    EXPECT_NE(std::ranges::find(orphans, EndpointAddr{vip(5), Port(53)}), orphans.end());
    EXPECT_EQ(std::ranges::find(orphans, EndpointAddr{vip(4), Port(81)}), orphans.end());
    cluster.restart();
    expect_nothing_to_write();
}

TEST_P(SyncCases, AnUnfinishedFirstPassRemovesNothing) {
    put_variety();
    cluster.must_sync();
    cluster.restart();
    const ApplyReport part = cluster.sync_some(2);
    EXPECT_FALSE(part.failure);
    expect_variety();
    expect_nothing_to_write();
    expect_variety();
}

TEST_P(SyncCases, OtherNodeWideFactsAreAdopted) {
    put_variety();
    cluster.must_sync();
    cluster.restart();
    cluster.facts.nodeport_addresses.push_back(second_node_address(family()));
    std::ranges::sort(cluster.facts.nodeport_addresses);
    cluster.facts.detector = interface_detector();
    cluster.facts.masquerade_all = true;
    EXPECT_GT(cluster.must_sync().writes, 0u);
    EXPECT_TRUE(reaches(tcp(Place::ext, second_node_address(family()), Port(30001)),
                        {"pod1 masq", "podr masq"}));
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"pod1 masq", "podr masq"}));
    cluster.restart();
    expect_nothing_to_write();
}

TEST_P(SyncCases, EveryDamageIsNoticedAndMended) {
    put_variety();
    cluster.must_sync();
    expect_variety();
    Session old = Session::open(lab(), tcp(Place::pod2, vip(1), Port(80)));
    for (const Damage& one : cluster.view().damages(lab(), family())) {
        SCOPED_TRACE(one.what);
        damage(one);
        const Result<KernelReport> audit = cluster.audit();
        ASSERT_TRUE(audit) << audit.error().message();
        EXPECT_TRUE(audit->drifted > 0 || audit->rebuilt);
        expect_variety();
        EXPECT_TRUE(old.echo(one.what));
        const Result<KernelReport> again = cluster.audit();
        ASSERT_TRUE(again);
        EXPECT_EQ(again->drifted, 0u);
        EXPECT_FALSE(again->rebuilt);
        expect_nothing_to_write();
    }
}

TEST_P(SyncCases, DamageWhileNobodyWatched) {
    put_variety();
    cluster.must_sync();
    for (const Damage& one : cluster.view().damages(lab(), family())) {
        SCOPED_TRACE(one.what);
        damage(one);
        cluster.restart();
        cluster.must_sync();
        const Result<KernelReport> audit = cluster.audit();
        ASSERT_TRUE(audit) << audit.error().message();
        expect_variety();
        cluster.restart();
        expect_nothing_to_write();
    }
}

TEST_P(SyncCases, AChangeOnDamagedGroundEndsRight) {
    put_variety();
    cluster.must_sync();
    for (const Damage& one : cluster.view().damages(lab(), family())) {
        SCOPED_TRACE(one.what);
        damage(one);
        cluster.put(pods("shop/sticky", {Place::podr}));
        cluster.must_sync();
        const Result<KernelReport> audit = cluster.audit();
        ASSERT_TRUE(audit) << audit.error().message();
        EXPECT_TRUE(reaches(tcp(Place::ext, vip(3), Port(80)), {"podr masq"}, 4));
        expect_variety();
        cluster.put(pods("shop/sticky", {Place::pod1, Place::pod2, Place::podr}));
        cluster.must_sync();
    }
}

TEST_P(SyncCases, ItsOwnToolListsItAndReadsTheListing) {
    put_variety();
    cluster.must_sync();
    expect_variety();
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(3), Port(80)),  // a client to be remembered
                        {*reached(lab(), tcp(Place::ext, vip(3), Port(80)), 1).begin()}, 2));
    const Result<Relisted> listings = cluster.view().relist(lab());
    ASSERT_TRUE(listings) << listings.error().message();
    EXPECT_FALSE(listings->here.empty());
    EXPECT_EQ(listings->here, listings->there);
}

TEST_P(SyncCases, ForeignObjectsAreNeverTouched) {
    cluster.teardown();
    plant_foreign(lab());
    const std::string before = list_foreign(lab());
    EXPECT_NE(before.find("10.255.0.2"), std::string::npos);
    cluster.restart();
    put_variety();
    cluster.must_sync();
    EXPECT_EQ(list_foreign(lab()), before);
    expect_variety();
    ASSERT_TRUE(cluster.audit());
    cluster.restart();
    remove_variety();
    cluster.must_sync();
    EXPECT_EQ(list_foreign(lab()), before);
    cluster.teardown();
    EXPECT_EQ(list_foreign(lab()), before);
    remove_foreign(lab());
}

}  // namespace
}  // namespace sy::lab
