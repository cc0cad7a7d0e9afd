#include "backends/ebpf/kernel/schema.h"

#include <gmock/gmock.h>

#include <cstring>
#include <set>
#include <string>

#include "backends/ebpf/kernel/object.h"

namespace sy::ebpf {
namespace {

constexpr Sizes kSizes{.frontends4 = 1,
                       .frontends6 = 2,
                       .services = 3,
                       .slots = 4,
                       .endpoints4 = 5,
                       .endpoints6 = 6,
                       .clients = 7};

Schema schema() {
    const auto all = object_schema();
    EXPECT_TRUE(all) << all.error().message();
    return *all;
}

/// What a set of these sizes is.
PerMap<MapFacts> facts(const Sizes& sizes) {
    PerMap<MapFacts> all = schema();
    for (const MapRow& row : map_rows()) {
        if (row.size != nullptr) {
            all[row.id].max_entries = entries_of(row, sizes);
        }
    }
    return all;
}

TEST(Schema, RowsAreInTheOrderOfTheirIds) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < kMapCount; ++i) {
        EXPECT_EQ(static_cast<std::size_t>(map_rows()[i].id), i);
        names.insert(map_rows()[i].name);
        // The kernel cuts longer names off.
        EXPECT_LT(std::strlen(map_rows()[i].name), 16U);
    }
    EXPECT_EQ(names.size(), kMapCount);
    EXPECT_EQ(map_rows().back().id, MapId::layout);
}

TEST(Schema, TheObjectHasEveryMap) {
    const Schema all = schema();
    EXPECT_EQ(all[MapId::frontends6].key_size, 20U);
    EXPECT_EQ(all[MapId::endpoints6].value_size, 32U);
    EXPECT_EQ(all[MapId::settings].max_entries, 1U);
}

TEST(Schema, ASetOfAnySizeMatches) {
    EXPECT_TRUE(matches(schema(), facts(kSizes)));
    EXPECT_EQ(sizes_of(facts(kSizes)), kSizes);
}

TEST(Schema, AnotherFormatDoesNotMatch) {
    for (const MapRow& row : map_rows()) {
        for (uint32_t MapFacts::* const field :
             {&MapFacts::type, &MapFacts::key_size, &MapFacts::value_size, &MapFacts::flags}) {
            auto other = facts(kSizes);
            ++(other[row.id].*field);
            EXPECT_FALSE(matches(schema(), other)) << row.name;
        }
    }
}

TEST(Schema, SizesHaveToFitTogether) {
    for (const MapId id : {MapId::services, MapId::affinity, MapId::names, MapId::counters,
                           MapId::baselines, MapId::settings, MapId::observers, MapId::slots}) {
        auto other = facts(kSizes);
        ++other[id].max_entries;
        EXPECT_FALSE(matches(schema(), other)) << static_cast<int>(id);
    }
}

TEST(Object, HasAStableHash) {
    EXPECT_NE(program_hash(), 0U);
    EXPECT_EQ(program_hash(), program_hash());
}

}  // namespace
}  // namespace sy::ebpf
