// What 10,000 Services cost in netlink messages. Times are told, never asserted.
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "tests/vm/ipvs_kernel_lab.h"

namespace sy::ipvs {
namespace {

using enum Change::Kind;

constexpr uint32_t kServices = 10'000;
constexpr uint32_t kEndpoints = 3;

class IpvsScale : public IpvsLab {
  protected:
    /// Does it, and prints what it took.
    template <class Work>
    void measured(const char* what, const Work& work) {
        traffic_ = {};
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        std::cout << "[ MEASURED ] " << what << ": " << traffic_.messages << " messages, "
                  << traffic_.sends << " sends, " << traffic_.dumps << " lists, " << took.count()
                  << " s\n";
    }
};

Destination endpoint(uint32_t service, uint32_t n) {
    const uint32_t number = service * kEndpoints + n;
    const std::string ip = "10." + std::to_string(number >> 16) + "." +
                           std::to_string(number >> 8 & 0xff) + "." + std::to_string(number & 0xff);
    return destination(key(Family::ipv4, service + 1), ip);
}

TEST_F(IpvsScale, TenThousandServicesTakeAMessageForEachObject) {
    std::vector<Change> all;
    for (uint32_t service = 0; service < kServices; ++service) {
        all.push_back(new_server(key(Family::ipv4, service + 1), "rr", service));
        for (uint32_t n = 0; n < kEndpoints; ++n) {
            all.push_back(change(add, endpoint(service, n), service));
        }
    }
    measured("10,000 Services with 3 endpoints", [&] { commit(all); });
    EXPECT_EQ(traffic_.messages, kServices * (1 + kEndpoints));
    EXPECT_LT(traffic_.sends, 100U);
    EXPECT_EQ(traffic_.dumps, 0U);

    std::vector<Change> drain;
    for (uint32_t service = 0; service < kServices; ++service) {
        Destination one = endpoint(service, 0);
        one.weight = 0;
        drain.push_back(change(set, one, service));
    }
    measured("an endpoint of each drains", [&] { commit(drain); });
    EXPECT_EQ(traffic_.messages, kServices);
    EXPECT_EQ(traffic_.dumps, 0U);

    measured("one endpoint comes",
             [&] { commit({change(add, destination(key(Family::ipv4, 77), "10.200.0.1"))}); });
    EXPECT_EQ(traffic_.messages, 1U);
    EXPECT_EQ(traffic_.dumps, 0U);

    measured("connections of a drained one are asked for",
             [&] { EXPECT_EQ(kernel_->activity({key(Family::ipv4, 77)})->size(), 4U); });
    EXPECT_EQ(traffic_.dumps, 1U);

    measured("a restarted process lists everything", [&] {
        const Dumped dumped = dump();
        EXPECT_EQ(dumped.servers.size(), kServices);
        EXPECT_EQ(dumped.destinations.size(), kServices * kEndpoints + 1);
    });
    measured("everything is removed", [&] { ASSERT_TRUE(kernel_->remove_all()); });
    EXPECT_EQ(saved(), "");
}

}  // namespace
}  // namespace sy::ipvs
