// Contested frontends as ClusterState tells them.
#include <gtest/gtest.h>

#include <algorithm>

#include "build.h"
#include "model/cluster_state.h"

namespace sy {
namespace {

using namespace test;
using List = std::vector<std::string>;

class ContestedState : public ::testing::Test {
  protected:
    void put(Object object) { state.apply(Upserted{std::move(object)}); }
    void drop(const std::string& name) { state.apply(Removed{{Kind::service, "default", name}}); }
    /// "name frontends/lost" of each plan, "-name" of each removal; sorted.
    List told(std::size_t max = 1000) {
        const auto delta = state.take(max);
        List all;
        for (const auto& plan : delta.changed) {
            std::size_t frontends = 0;
            for (const auto& port : plan->ports) {
                frontends += port.frontends.size();
            }
            all.push_back(plan->name.name + " " + std::to_string(frontends) + "/" +
                          std::to_string(plan->lost.size()));
        }
        for (const auto& name : delta.removed) {
            all.push_back("-" + name.name);
        }
        std::ranges::sort(all);
        return all;
    }
    static Service with_external_ip(const std::string& name, std::string_view cluster_ip) {
        auto s = service(name, cluster_ip);
        s.external_ips = ips({"198.51.100.7"});
        return s;
    }

    Names names;
    ClusterState state{names.symbols, "here"};
};

TEST_F(ContestedState, WinnerDoesNotDependOnArrival) {
    put(with_external_ip("b", "10.96.0.2"));
    EXPECT_EQ(told(), List{"b 2/0"});
    put(with_external_ip("a", "10.96.0.1"));
    EXPECT_EQ(told(), (List{"a 2/0", "b 1/1"}));
    put(with_external_ip("c", "10.96.0.3"));
    EXPECT_EQ(told(), List{"c 1/1"});
}

TEST_F(ContestedState, HeirComesWithTheRemoval) {
    for (const auto* name : {"a", "b", "c"}) {
        put(with_external_ip(name, std::string("10.96.0.") + (name[0] == 'a'   ? "1"
                                                              : name[0] == 'b' ? "2"
                                                                               : "3")));
    }
    told();
    drop("a");
    // c only learns who holds the address now.
    EXPECT_EQ(told(), (List{"-a", "b 2/0", "c 1/1"}));
    drop("b");
    EXPECT_EQ(told(), (List{"-b", "c 2/0"}));
}

TEST_F(ContestedState, ExchangeIsOneBatchEvenBeyondTheLimit) {
    put(with_external_ip("a", "10.96.0.1"));
    put(with_external_ip("b", "10.96.0.2"));
    told();
    put(service("z", "10.96.0.9"));
    put(service("a", "10.96.0.1"));
    EXPECT_EQ(told(1), List{"z 1/0"});
    EXPECT_EQ(told(1), (List{"a 1/0", "b 2/0"}));
    put(with_external_ip("a", "10.96.0.1"));
    EXPECT_EQ(told(1), (List{"a 2/0", "b 1/1"}));
}

TEST_F(ContestedState, LoserOfEverythingIsStillReported) {
    put(service("a", "10.96.0.1"));
    put(service("b", "10.96.0.1"));
    EXPECT_EQ(told(), (List{"a 1/0", "b 0/1"}));
    drop("b");
    EXPECT_EQ(told(), List{"-b"});
}

TEST_F(ContestedState, ClusterIpBeatsLoadBalancerBeatsExternal) {
    auto external = service("a", "10.96.0.1");
    external.external_ips = ips({"10.96.0.9"});
    auto balanced = service("b", "10.96.0.2");
    balanced.load_balancer_ips = ips({"10.96.0.9"});
    put(external);
    put(balanced);
    EXPECT_EQ(told(), (List{"a 1/1", "b 2/0"}));
    put(service("c", "10.96.0.9"));
    EXPECT_EQ(told(), (List{"a 1/1", "b 1/1", "c 1/0"}));
    drop("c");
    EXPECT_EQ(told(), (List{"-c", "a 1/1", "b 2/0"}));
}

TEST_F(ContestedState, SwapOfAddressesIsOneBatch) {
    put(service("a", "10.96.0.1"));
    put(service("b", "10.96.0.2"));
    told();
    put(service("a", "10.96.0.2"));
    put(service("b", "10.96.0.1"));
    EXPECT_EQ(told(1), (List{"a 1/0", "b 1/0"}));
}

TEST_F(ContestedState, AddressGivenUpAndTakenIsOneBatchInAnyOrder) {
    put(service("a", "10.96.0.1"));
    put(service("b", "10.96.0.2"));
    told();
    // b has been waiting longer than a when it gets what a gives up.
    put(slice("b", "s", {names.endpoint("10.0.0.1")}));
    drop("a");
    put(service("b", "10.96.0.1"));
    EXPECT_EQ(told(1), (List{"-a", "b 1/0"}));
}

TEST_F(ContestedState, ManyWantTheSame) {
    for (int i = 999; i >= 100; --i) {
        auto s = with_external_ip("s" + std::to_string(i), "10.96.0.1");
        s.cluster_ip = IpAddr::v4(10, 97, static_cast<uint8_t>(i / 256), static_cast<uint8_t>(i));
        put(s);
    }
    std::size_t winners = 0;
    for (const auto& line : told()) {
        winners += line.ends_with("2/0") ? 1 : 0;
    }
    EXPECT_EQ(winners, 1U);
    for (int i = 100; i < 1000; ++i) {
        drop("s" + std::to_string(i));
    }
    EXPECT_EQ(told(10000).size(), 900U);
    EXPECT_FALSE(state.has_dirty());
}

}  // namespace
}  // namespace sy
