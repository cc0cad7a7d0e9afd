#include "serve/traffic_series.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>

namespace sy {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

PortTraffic row(std::string port, uint64_t connections, uint64_t refusals = 0) {
    return {.port = std::move(port), .connections = connections, .refusals = refusals};
}
PortTraffic udp6(std::string port, uint64_t connections) {
    return {.port = std::move(port),
            .family = Family::ipv6,
            .protocol = Protocol::udp,
            .connections = connections};
}
PortTraffic others(uint64_t connections, uint64_t refusals = 0) {
    return row(std::string(TrafficSeries::kOthers), connections, refusals);
}

TEST(TrafficSeries, AllAreShownIfTheyFit) {
    TrafficSeries series(3);
    EXPECT_THAT(series.show({}), IsEmpty());
    EXPECT_THAT(series.show({row("a/a", 0), row("a/b", 5), udp6("a/a", 0)}),
                UnorderedElementsAre(row("a/a", 0), row("a/b", 5), udp6("a/a", 0)));
}

TEST(TrafficSeries, TheBusiestAreShownIfNotAllFit) {
    TrafficSeries series(2);
    EXPECT_THAT(series.show({row("a/a", 1), row("a/b", 5), row("a/c", 3, 7), row("a/d", 0, 2)}),
                UnorderedElementsAre(row("a/b", 5), row("a/c", 3, 7), others(1, 2)));
}

TEST(TrafficSeries, WhoeverWasShownStays) {
    TrafficSeries series(1);
    EXPECT_THAT(series.show({row("a/a", 1), row("a/b", 0)}),
                UnorderedElementsAre(row("a/a", 1), others(0)));
    EXPECT_THAT(series.show({row("a/a", 1), row("a/b", 9)}),
                UnorderedElementsAre(row("a/a", 1), others(9)));
}

TEST(TrafficSeries, WhoHadNoTrafficKeepsNoRoom) {
    TrafficSeries series(1);
    EXPECT_THAT(series.show({row("a/a", 0)}), UnorderedElementsAre(row("a/a", 0)));
    EXPECT_THAT(series.show({row("a/a", 0), row("a/b", 1)}),
                UnorderedElementsAre(row("a/b", 1), others(0)));
}

TEST(TrafficSeries, ADeletedServiceMakesRoomAndTheOthersDoNotGoBack) {
    TrafficSeries series(1);
    EXPECT_THAT(series.show({row("a/a", 10), row("a/b", 5), row("a/c", 2)}),
                UnorderedElementsAre(row("a/a", 10), others(7)));
    EXPECT_THAT(series.show({row("a/b", 5), row("a/c", 2)}),
                UnorderedElementsAre(row("a/b", 5), others(7)));
    EXPECT_THAT(series.show({row("a/b", 5), row("a/c", 3)}),
                UnorderedElementsAre(row("a/b", 5), others(8)));
    EXPECT_THAT(series.show({row("a/b", 5)}), UnorderedElementsAre(row("a/b", 5), others(8)));
}

TEST(TrafficSeries, OthersAreCountedPerFamilyAndProtocol) {
    TrafficSeries series(0);
    EXPECT_THAT(series.show({row("a/a", 1), row("a/b", 2), udp6("a/a", 4)}),
                UnorderedElementsAre(others(3), udp6("others", 4)));
}

TEST(TrafficSeries, EqualsAreOrderedByName) {
    TrafficSeries series(1);
    EXPECT_THAT(series.show({row("a/c", 5), row("a/a", 5), row("a/b", 5)}),
                UnorderedElementsAre(row("a/a", 5), others(10)));
}

/// Services come, go and are used at random; what is shown stays within its bounds and never goes
/// back while it is shown.
TEST(TrafficSeries, NeverGoesBackwards) {
    constexpr std::size_t kLimit = 5;
    std::mt19937 random(7);
    const auto pick = [&random](uint32_t n) { return random() % n; };
    TrafficSeries series(kLimit);
    std::map<std::string, uint64_t> cluster;
    std::map<std::string, uint64_t> before;
    for (int step = 0; step < 3000; ++step) {
        const std::string name = "ns/" + std::to_string(pick(20));
        if (pick(4) == 0) {
            cluster.erase(name);
        } else {
            cluster[name] += pick(3);
        }
        std::vector<PortTraffic> rows;
        for (const auto& [port, count] : cluster) {
            rows.push_back(row(port, count));
        }
        std::ranges::shuffle(rows, random);
        std::map<std::string, uint64_t> now;
        for (const PortTraffic& shown : series.show(std::move(rows))) {
            EXPECT_TRUE(now.emplace(shown.port, shown.connections).second);
            const auto known = before.find(shown.port);
            EXPECT_TRUE(known == before.end() || known->second <= shown.connections) << shown.port;
        }
        EXPECT_LE(now.size(), kLimit + 1);
        before = std::move(now);
        before.erase(name);  // deleted and made again, it begins anew
    }
}

}  // namespace
}  // namespace sy
