// What is in the maps.
#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "ebpf_kernel_lab.h"

namespace sy::ebpf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint32_t kMany = 100'000;

template <class Key>
std::vector<FrontendEntry<Key>> many() {
    std::vector<FrontendEntry<Key>> entries(kMany);
    for (uint32_t i = 0; i < kMany; ++i) {
        auto& key = entries[i].key;
        if constexpr (std::is_same_v<Key, sy_frontend4>) {
            key.address = i;
        } else {
            key.address[3] = i;
        }
        key.port = 80;
        key.protocol = 6;
        entries[i].word = i + 1;
    }
    return entries;
}

template <class Key>
std::vector<uint64_t> words(const std::vector<FrontendEntry<Key>>& entries) {
    std::vector<uint64_t> sorted;
    for (const auto& entry : entries) {
        sorted.push_back(entry.word);
    }
    std::ranges::sort(sorted);
    return sorted;
}

class EbpfElements : public EbpfKernel {
  protected:
    template <class Key, class Dump>
    void round_trip(MapSet& maps, const Dump& dump) {
        const auto entries = many<Key>();
        must(maps.put(std::span<const FrontendEntry<Key>>(entries)));
        EXPECT_EQ(words(dump()), words(entries));
        std::vector<Key> gone;
        std::vector<FrontendEntry<Key>> left;
        for (uint32_t i = 0; i < kMany; ++i) {
            if (i % 3 == 0) {
                left.push_back(entries[i]);
            } else {
                gone.push_back(entries[i].key);
            }
        }
        must(maps.erase(std::span<const Key>(gone)));
        EXPECT_EQ(words(dump()), words(left));
        // Most of them do not exist any more.
        std::vector<Key> all;
        for (const auto& entry : entries) {
            all.push_back(entry.key);
        }
        must(maps.erase(std::span<const Key>(all)));
        EXPECT_THAT(dump(), IsEmpty());
        must(maps.erase(std::span<const Key>(all)));
    }
    std::unique_ptr<MapSet> large() {
        Sizes sizes = kSizes;
        sizes.frontends4 = sizes.frontends6 = 1U << 17U;
        return must(kernel->create(sizes, nullptr));
    }
};

TEST_F(EbpfElements, ManyFrontends) {
    const auto maps = large();
    round_trip<sy_frontend4>(*maps, [&] { return must(maps->frontends4()); });
    round_trip<sy_frontend6>(*maps, [&] { return must(maps->frontends6()); });
}

TEST_F(EbpfElements, AFrontendIsReplaced) {
    const auto maps = create();
    Frontend4 entry{{1, 80, 6, 0}, 7};
    must(maps->put(std::span(&entry, 1)));
    entry.word = 8;
    must(maps->put(std::span(&entry, 1)));
    EXPECT_THAT(words(must(maps->frontends4())), ElementsAre(8U));
}

TEST_F(EbpfElements, AFullMapSaysSo) {
    const auto maps = create();
    const auto entries = many<sy_frontend4>();
    const auto full = maps->put(std::span<const Frontend4>(entries));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, E2BIG);
    EXPECT_THAT(full.error().message(), HasSubstr("map frontends4: full (1024 elements)"));
    EXPECT_EQ(must(maps->frontends4()).size(), 1024U);
}

TEST_F(EbpfElements, NodeAddressesAreReplaced) {
    const auto maps = create();
    const auto ip = [](std::string_view text) { return IpAddr::parse(text).value(); };
    EXPECT_EQ(
        must(maps->set_node_addresses(std::vector{ip("10.0.0.1"), ip("10.0.0.2"), ip("fd00::1")})),
        3U);
    EXPECT_THAT(must(maps->node_addresses()),
                ElementsAre(ip("10.0.0.1"), ip("10.0.0.2"), ip("fd00::1")));
    EXPECT_EQ(must(maps->set_node_addresses(std::vector{ip("10.0.0.2"), ip("fd00::2")})), 3U);
    EXPECT_THAT(must(maps->node_addresses()), ElementsAre(ip("10.0.0.2"), ip("fd00::2")));
    EXPECT_EQ(must(maps->set_node_addresses(std::vector{ip("10.0.0.2"), ip("fd00::2")})), 0U);
    EXPECT_EQ(must(maps->set_node_addresses({})), 2U);
    EXPECT_THAT(must(maps->node_addresses()), IsEmpty());
}

TEST_F(EbpfElements, ArraysAreMemory) {
    auto maps = create();
    Arrays arrays = maps->arrays();
    ASSERT_EQ(arrays.names.size(), kSizes.services);
    arrays.slots.back() = 1;
    arrays.endpoints4.back() = 2;
    arrays.endpoints6.back().port = 3;
    arrays.affinity.back() = 4;
    arrays.services.back() = 5;
    arrays.names.back().list = 6;
    maps.reset();
    maps = find();
    ASSERT_NE(maps, nullptr);
    arrays = maps->arrays();
    EXPECT_EQ(arrays.slots.back(), 1U);
    EXPECT_EQ(arrays.endpoints4.back(), 2U);
    EXPECT_EQ(arrays.endpoints6.back().port, 3U);
    EXPECT_EQ(arrays.affinity.back(), 4U);
    EXPECT_EQ(arrays.services.back(), 5U);
    EXPECT_EQ(arrays.names.back().list, 6U);
}

TEST_F(EbpfElements, TrafficIsCountedPerPort) {
    const auto reader = make_traffic_reader(settings);
    EXPECT_THAT(must(reader->read()), IsEmpty());
    const EndpointAddr vip = address("10.96.0.1", 80);
    const Server server(ns, Family::ipv4);
    const auto maps = create();
    program(*maps, vip, server.address());
    // Another list of the same port.
    maps->arrays().names[1023] = maps->arrays().names[1];
    activate(*maps);
    EXPECT_TRUE(reaches(vip, server));
    EXPECT_TRUE(reaches(vip, server));
    EXPECT_THAT(must(reader->read()),
                ElementsAre(PortTraffic{"default/web:http", Family::ipv4, Protocol::tcp, 2, 0}));
    must(maps->reset_counters(std::vector<uint32_t>{1, 5, 1023}));
    EXPECT_THAT(must(reader->read()),
                ElementsAre(PortTraffic{"default/web:http", Family::ipv4, Protocol::tcp, 0, 0}));
    must(kernel->remove_all());
    EXPECT_THAT(must(reader->read()), IsEmpty());
}

TEST_F(EbpfElements, RefusalsAreCounted) {
    const EndpointAddr vip = address("10.96.0.1", 80);
    const auto maps = create();
    program(*maps, vip, vip);
    maps->arrays().services[1] = sy_service_word(0, 0, SY_SERVICE_REJECT);
    activate(*maps);
    const auto answer = connect(vip);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ECONNREFUSED);
    EXPECT_THAT(must(make_traffic_reader(settings)->read()),
                ElementsAre(PortTraffic{"default/web:http", Family::ipv4, Protocol::tcp, 0, 1}));
}

}  // namespace
}  // namespace sy::ebpf
