#include "backends/ebpf/writes.h"

#include <gmock/gmock.h>

#include "backends/ebpf/compile.h"
#include "tests/support/fake_ebpf_kernel.h"
#include "tests/unit/backends/ebpf/random_cluster.h"
#include "tests/unit/backends/ebpf/slow_reader.h"

namespace sy::ebpf {
namespace {

using test::endpoint;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Entry vip(uint32_t id, uint32_t address = 1) {
    return Entry::frontend(sy_frontend4{address, 80, 6, 0}, id);
}

TEST(Writes, ComeInTheOrderOfReferences) {
    Book::Stage stage;
    const auto address = endpoint("10.0.0.1:80").address;
    for (const auto& entry :
         {vip(1), Entry::service(1, 1), Entry::name(1, {}), Entry::affinity(1, 1),
          Entry::slot(0, 1), Entry::endpoint(1, address)}) {
        stage.add.push_back({entry, 3});
    }
    const auto writes = order(stage);
    std::vector<Kind> kinds;
    for (const auto& op : writes.stores) {
        kinds.push_back(op.object.kind());
        EXPECT_EQ(op.owner, 3U);
    }
    EXPECT_THAT(
        kinds, ElementsAre(Kind::endpoint4, Kind::slot, Kind::affinity, Kind::name, Kind::service));
    ASSERT_THAT(writes.put4, SizeIs(1));
    EXPECT_EQ(sy_frontend_id(writes.put4[0].word), 1U);
    EXPECT_EQ(sy_frontend_check(writes.put4[0].word), sy_check4(&writes.put4[0].key));
}

TEST(Writes, AFrontendThatLeadsElsewhereIsNotErased) {
    Book::Stage stage;
    stage.remove = {{vip(1, 1), 0}, {vip(1, 2), 0}};
    stage.add = {{vip(2, 1), 1}};
    const auto writes = order(stage);
    EXPECT_THAT(writes.put4, SizeIs(1));
    ASSERT_THAT(writes.erase4, SizeIs(1));
    EXPECT_EQ(writes.erase4[0].key.address, 2U);
    EXPECT_EQ(sy_frontend_id(writes.erase4[0].word), 1U);
}

TEST(Writes, NamesAreForPeople) {
    const auto record = name_record(
        {"shop", "web"}, "http", {Symbol::none, Family::ipv6, Protocol::udp, ListId::local, false});
    EXPECT_EQ(name_text(record), "shop/web:http");
    EXPECT_EQ(record.ipv6, 1);
    EXPECT_EQ(record.protocol, 17);
    EXPECT_EQ(record.list, 1);
    EXPECT_EQ(name_text(name_record({"shop", "web"}, "", {})), "shop/web");
}

TEST(Writes, NamesOfAnyLengthEnd) {
    const std::string longest(63, 'a');
    const auto record = name_record({longest, longest}, longest, {});
    EXPECT_EQ(name_text(record), longest + "/" + longest + ":" + longest);
    const auto cut = name_record({std::string(300, 'b'), longest}, longest, {});
    EXPECT_EQ(name_text(cut), std::string(sizeof cut.text - 1, 'b'));
}

/// The maps while they are written word by word, without a backend.
class WordByWord : public testing::TestWithParam<unsigned> {
  protected:
    WordByWord() {
        const Sizes sizes{.frontends4 = 64,
                          .frontends6 = 64,
                          .services = limits_.max_services,
                          .slots = slots_limit(limits_),
                          .endpoints4 = limits_.max_endpoints,
                          .endpoints6 = limits_.max_endpoints,
                          .clients = 1};
        (void)FakeKernel(bpf_).create(sizes, nullptr);
    }

    static EbpfSettings small() {
        EbpfSettings limits;
        limits.max_services = 48;
        limits.max_endpoints = 512;
        return limits;
    }
    FakeMaps& maps() { return *bpf_.pinned.front(); }

    void grace() {
        reader_.grace(reach_);
        for (const auto id : pools_.drain()) {
            clear_service(id, maps().arrays());
        }
        ++graces_;
    }

    Fragment compiled(const ServicePlan& plan) {
        const auto mark = pools_.mark();
        auto fragment = compile(plan, book_.have(plan.name), pools_);
        if (!fragment) {
            pools_.release(mark);
            grace();
            fragment = compile(plan, book_.have(plan.name), pools_);
        }
        EXPECT_TRUE(fragment) << fragment.error().message();
        return fragment.value_or(Fragment{});
    }

    void apply(const PlanDelta& delta) {
        std::vector<Book::Change> changes;
        for (const auto& name : delta.removed) {
            changes.push_back({name, {}});
        }
        for (const auto& plan : delta.changed) {
            changes.push_back({plan->name, compiled(*plan)});
        }
        const auto stage = book_.stage(changes);
        reader_.allow(cluster_.reach());
        const auto writes = order(stage);
        for (const auto& op : writes.stores) {
            (void)store(op.object, changes[op.owner].service, pools_, maps().arrays());
            reader_.look(maps());
        }
        write_frontends(*maps().frontends4, writes.put4, writes.erase4);
        write_frontends(*maps().frontends6, writes.put6, writes.erase6);
        pools_.settle(stage);
        book_.commit(stage, std::move(changes));
        reach_ = cluster_.reach();
    }
    template <class Key>
    void write_frontends(FakeHash<Key>& hash, const std::vector<FrontendEntry<Key>>& put,
                         const std::vector<FrontendEntry<Key>>& erase) {
        for (const auto& entry : put) {
            hash.words[entry.key] = entry.word;
            reader_.look(maps());
        }
        for (const auto& entry : erase) {
            hash.words.erase(entry.key);
            reader_.look(maps());
        }
    }

    /// Who looks now finds exactly what the plans say.
    void expect_plans() {
        std::size_t frontends = 0;
        for (const auto& [frontend, lists] : reach_.lists) {
            const auto endpoints = reach_.of(frontend);
            ++frontends;
            maps().node_addresses->insert(test::ip("192.168.0.1"));
            maps().node_addresses->insert(test::ip("fd00:168::1"));
            const bool ipv4 = frontend.address.ip.family() == Family::ipv4;
            Attempt attempt{frontend.address.ip, frontend.address.port, frontend.protocol, true, 0};
            if (frontend.node_port) {
                attempt.address = test::ip(ipv4 ? "192.168.0.1" : "fd00:168::1");
            }
            std::set<EndpointAddr> found;
            for (; attempt.random < 40; ++attempt.random) {
                if (const auto answer = pick(maps(), attempt);
                    answer.kind == Answer::Kind::translated) {
                    found.insert(answer.endpoint);
                }
            }
            EXPECT_EQ(found, endpoints) << attempt.address.to_string();
        }
        EXPECT_EQ(frontends, maps().frontends4->words.size() + maps().frontends6->words.size());
    }

    EbpfSettings limits_ = small();
    FakeBpf bpf_;
    Pools pools_{limits_};
    Book book_;
    RandomCluster cluster_{GetParam()};
    Reach reach_;
    SlowReader reader_;
    int graces_ = 0;
};

TEST_P(WordByWord, NobodyIsEverLedAstray) {
    for (int step = 0; step < 80 && !HasFailure(); ++step) {
        apply(cluster_.step());
        expect_plans();
        if (cluster_.chance(5)) {
            grace();
        }
    }
    EXPECT_GT(graces_, 0);
    // With everything gone, all numbers are free.
    PlanDelta gone;
    for (const auto& [name, plan] : cluster_.plans()) {
        gone.removed.push_back(name);
    }
    apply(gone);
    grace();
    EXPECT_EQ(pools_.ids().in_use(), 0U);
    EXPECT_EQ(pools_.runs().in_use(), 0U);
    EXPECT_EQ(pools_.endpoints(Family::ipv4).indexes().in_use(), 0U);
    EXPECT_EQ(pools_.endpoints(Family::ipv6).indexes().in_use(), 0U);
    EXPECT_EQ(pools_.limbo(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, WordByWord, testing::Range(1U, 5U));

}  // namespace
}  // namespace sy::ebpf
