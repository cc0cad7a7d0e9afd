// Sets that follow each other: growth, upgrades, other layouts, and what crashes leave.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <sys/stat.h>

#include "backends/ebpf/kernel/cgroup.h"
#include "backends/ebpf/kernel/link.h"
#include "backends/ebpf/kernel/object.h"
#include "ebpf_kernel_lab.h"

namespace sy::ebpf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const EndpointAddr kVip = address("10.96.0.1", 80);

PinnedSet& pinned(MapSet& maps) {
    return dynamic_cast<PinnedSet&>(maps);
}

class EbpfGenerations : public EbpfKernel {
  protected:
    /// A set that is active and translates kVip to `server`.
    std::unique_ptr<MapSet> active() {
        auto maps = create();
        program(*maps, kVip, server.address());
        activate(*maps);
        return maps;
    }
    /// As if this process were gone and a new one had just started.
    std::unique_ptr<MapSet> restarted() {
        kernel = open();
        return find();
    }
    /// As if another program had made the set, of the same layout or not.
    void make_foreign(const std::string& generation, bool same_layout) {
        const auto map = must(Map::open(pin(generation + "/layout")));
        const sy_layout was = must(read_layout(map));
        const sy_layout value{.abi = same_layout ? was.abi : was.abi + 1, .program = 1};
        constexpr uint32_t kFirst = 0;
        must(map.put(&kFirst, &value, 1));
    }

    Server server{ns, Family::ipv4};
};

TEST_F(EbpfGenerations, GrowthSharesWhatDoesNotChange) {
    const auto first = active();
    const auto second = create_larger(*first);
    EXPECT_EQ(second->sizes().services, 2 * kSizes.services);
    EXPECT_THAT(pins(), ElementsAre("1", "2", "links"));
    EXPECT_EQ(must(second->frontends4()).size(), 1U);
    EXPECT_EQ(second->arrays().services[1], 0U);
    for (const MapRow& row : map_rows()) {
        const bool grown = row.size == &Sizes::services || row.id == MapId::layout;
        EXPECT_NE(pinned(*first).maps()[row.id].id() == pinned(*second).maps()[row.id].id(), grown)
            << row.name;
    }
    // The old set goes on until the switch.
    EXPECT_TRUE(reaches(kVip, server));
    EXPECT_TRUE(is_active(*first));
    program(*second, kVip, server.address());
    EXPECT_FALSE(is_active(*second));
    activate(*second);
    EXPECT_TRUE(is_active(*second));
    EXPECT_FALSE(is_active(*first));
    EXPECT_THAT(pins(), ElementsAre("2", "links"));
    EXPECT_TRUE(reaches(kVip, server));
    EXPECT_EQ(attached_to(scope.cgroup()), 8U);
}

TEST_F(EbpfGenerations, GrowthCarriesCountersOver) {
    const auto first = active();
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(reaches(kVip, server));
    }
    const auto second = create_larger(*first);
    program(*second, kVip, server.address());
    activate(*second);
    EXPECT_TRUE(reaches(kVip, server));
    const auto traffic = must(make_traffic_reader(settings)->read());
    ASSERT_EQ(traffic.size(), 1U);
    EXPECT_EQ(traffic[0], (PortTraffic{"default/web:http", Family::ipv4, Protocol::tcp, 6, 0}));
}

TEST_F(EbpfGenerations, ActivatingTwiceDoesNothing) {
    const auto maps = active();
    std::vector<uint32_t> programs;
    for (int i = 0; i < 2; ++i) {
        const auto link = must(Link::open(pin("links/connect4")));
        programs.push_back(must(link.facts()).program);
        activate(*maps);
    }
    EXPECT_EQ(programs[0], programs[1]);
}

TEST_F(EbpfGenerations, AnotherProgramTakesTheSetOver) {
    active();
    make_foreign("1", true);
    const auto before = must(must(Link::open(pin("links/connect4"))).facts());
    const auto maps = restarted();
    ASSERT_NE(maps, nullptr);
    EXPECT_FALSE(is_active(*maps));
    EXPECT_TRUE(reaches(kVip, server));
    activate(*maps);
    EXPECT_TRUE(is_active(*maps));
    const auto after = must(must(Link::open(pin("links/connect4"))).facts());
    EXPECT_NE(before.program, after.program);
    EXPECT_EQ(must(pinned(*maps).layout()).program, program_hash());
    EXPECT_TRUE(reaches(kVip, server));
}

TEST_F(EbpfGenerations, AnotherLayoutIsReplacedBesideIt) {
    const uint32_t connections = pinned(*active()).maps()[MapId::connections].id();
    make_foreign("1", false);
    kernel = open();
    const auto found = must(kernel->find());
    EXPECT_EQ(found.maps, nullptr);
    EXPECT_TRUE(found.other_layout);
    EXPECT_TRUE(reaches(kVip, server));
    const auto maps = create();
    EXPECT_THAT(must(maps->frontends4()), IsEmpty());
    EXPECT_EQ(pinned(*maps).maps()[MapId::connections].id(), connections);
    const Server other(ns, Family::ipv4);
    program(*maps, kVip, other.address());
    EXPECT_TRUE(reaches(kVip, server));
    activate(*maps);
    EXPECT_TRUE(reaches(kVip, other));
    EXPECT_THAT(pins(), ElementsAre("2", "links"));
}

TEST_F(EbpfGenerations, MapsOfAnotherFormatAreAnotherLayout) {
    active();
    const std::string path = pin("1/frontends4");
    Fd odd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "odd", 4, 12, 3, nullptr));
    must(unpin(path));
    must(must(Map::take(std::move(odd))).pin(path));
    kernel = open();
    EXPECT_TRUE(must(kernel->find()).other_layout);
    // One that is missing, too.
    must(unpin(path));
    EXPECT_TRUE(must(kernel->find()).other_layout);
    EXPECT_TRUE(must(kernel->remove_all()));
    EXPECT_FALSE(std::filesystem::exists(settings.bpf_root));
}

TEST_F(EbpfGenerations, HooksOfAnotherLayoutGoWithIt) {
    active();
    make_foreign("1", false);
    const auto link =
        must(Link::attach(must(load_bystander(BPF_CGROUP_UDP4_SENDMSG)).get(),
                          must(Cgroup::open(scope.cgroup())).fd(), BPF_CGROUP_UDP4_SENDMSG));
    must(link.pin(pin("links/sendmsg7")));
    kernel = open();
    activate(*create());
    EXPECT_EQ(pins("links").size(), 8U);
    EXPECT_EQ(attached_to(scope.cgroup()), 8U);
}

TEST_F(EbpfGenerations, UnfinishedOnesAreRemoved) {
    const auto maps = active();
    ASSERT_EQ(mkdir(pin("7").c_str(), 0700), 0);
    must(pinned(*maps).maps()[MapId::services].pin(pin("7/services")));
    ASSERT_EQ(mkdir(pin("8").c_str(), 0700), 0);
    ASSERT_EQ(mkdir(pin("elses").c_str(), 0700), 0);
    const auto found = restarted();
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(is_active(*found));
    EXPECT_THAT(pins(), ElementsAre("1", "elses", "links"));
}

TEST_F(EbpfGenerations, ACrashBeforeTheFirstLinkLeavesTheOldSetAtWork) {
    const auto first = active();
    create_larger(*first);
    EXPECT_THAT(pins(), ElementsAre("1", "2", "links"));
    const auto found = restarted();
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->sizes(), first->sizes());
    EXPECT_TRUE(is_active(*found));
    EXPECT_TRUE(reaches(kVip, server));
    EXPECT_THAT(pins(), ElementsAre("1", "links"));
}

TEST_F(EbpfGenerations, ASetThatNeverRanIsFoundIfThereIsNoOther) {
    program(*create(), kVip, server.address());
    create();
    const auto found = restarted();
    ASSERT_NE(found, nullptr);
    EXPECT_THAT(must(found->frontends4()), IsEmpty());
    EXPECT_THAT(pins(), ElementsAre("1", "2"));
    activate(*found);
    EXPECT_THAT(pins(), ElementsAre("2", "links"));
}

TEST_F(EbpfGenerations, WhatWasCountedNeverFalls) {
    const auto reader = make_traffic_reader(settings);
    const auto first = active();
    const auto second = create_larger(*first);
    program(*second, kVip, server.address());
    // Counted in the old set, after its counters were copied.
    EXPECT_TRUE(reaches(kVip, server));
    const auto other = make_traffic_reader(settings);
    must(unpin(pin("2/layout")));
    EXPECT_EQ(must(reader->read()).at(0).connections, 1U);
    activate(*second);
    EXPECT_EQ(must(reader->read()).at(0).connections, 1U);
    EXPECT_TRUE(reaches(kVip, server));
    EXPECT_EQ(must(reader->read()).at(0).connections, 2U);
    EXPECT_EQ(must(other->read()).at(0).connections, 1U);
    // A new beginning within a set is one.
    must(second->reset_counters(std::vector<uint32_t>{1}));
    EXPECT_EQ(must(other->read()).at(0).connections, 0U);
}

TEST_F(EbpfGenerations, ACrashBetweenLinksIsMendedByTheNextProcess) {
    const auto first = active();
    const auto second = create_larger(*first);
    const Server other(ns, Family::ipv4);
    program(*second, kVip, other.address());
    const auto programs = must(load_programs(pinned(*second).maps(), true, log));
    for (std::size_t i = 0; i < kHookCount - 1; ++i) {
        must(must(Link::open(pin(std::string("links/") + hooks()[i].name)))
                 .update(programs[i].get()));
    }
    EXPECT_THAT(pins(), ElementsAre("1", "2", "links"));
    const auto found = restarted();
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->sizes(), second->sizes());
    EXPECT_FALSE(is_active(*found));
    activate(*found);
    EXPECT_TRUE(is_active(*found));
    EXPECT_TRUE(reaches(kVip, other));
    EXPECT_THAT(pins(), ElementsAre("2", "links"));
}

TEST_F(EbpfGenerations, LostLinksAndPinsAreMadeAgain) {
    const auto maps = active();
    must(unpin(pin("links/sendmsg6")));
    EXPECT_FALSE(is_active(*maps));
    activate(*maps);
    EXPECT_TRUE(is_active(*maps));
    must(unpin(pin("1/slots")));
    EXPECT_FALSE(is_active(*maps));
    activate(*maps);
    EXPECT_TRUE(is_active(*maps));
    EXPECT_THAT(pins(), ElementsAre("2", "links"));
    std::filesystem::remove_all(settings.bpf_root);
    EXPECT_FALSE(is_active(*maps));
    activate(*maps);
    EXPECT_TRUE(is_active(*maps));
    EXPECT_TRUE(reaches(kVip, server));
}

TEST_F(EbpfGenerations, AnotherCgroupMeansOtherLinks) {
    active();
    const std::filesystem::path inner = scope.cgroup() / "inner";
    std::filesystem::create_directory(inner);
    settings.cgroup_root = inner;
    const auto maps = restarted();
    EXPECT_FALSE(is_active(*maps));
    activate(*maps);
    EXPECT_TRUE(is_active(*maps));
    EXPECT_EQ(attached_to(scope.cgroup()), 0U);
    EXPECT_EQ(attached_to(inner), 8U);
    EXPECT_TRUE(misses(kVip));
    // Gone with all that was attached to it.
    std::filesystem::remove(inner);
    settings.cgroup_root = scope.cgroup();
    const auto again = restarted();
    EXPECT_FALSE(is_active(*again));
    activate(*again);
    EXPECT_TRUE(reaches(kVip, server));
}

}  // namespace
}  // namespace sy::ebpf
