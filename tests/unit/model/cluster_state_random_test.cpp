// Properties of ClusterState over seeded random histories of a small, quarrelsome cluster.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "build.h"
#include "model/cluster_state.h"
#include "model/plan_text.h"

namespace sy {
namespace {

using namespace test;

/// Few names, addresses and ports, so that everything collides with everything.
class Dice {
  public:
    Dice(unsigned seed, Names& names) : random_(seed), names_(names) {}

    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    bool chance(unsigned percent) { return below(100) < percent; }
    std::mt19937& engine() { return random_; }

    Object object() {
        const auto roll = below(20);
        if (roll < 8) {
            return service();
        }
        if (roll < 18) {
            return slice();
        }
        if (roll < 19) {
            return node();
        }
        return ServiceCidr{"cidr" + letter(2), nets({"10.96.0.0/16"})};
    }

    Service service() {
        Service s;
        s.name = {"ns" + letter(2), "s" + letter(5)};
        s.type = static_cast<ServiceType>(below(chance(90) ? 3 : 4));
        s.other_proxy = chance(3);
        s.headless = chance(3);
        s.internal_policy = policy();
        s.external_policy = policy();
        if (chance(30)) {
            s.health_check_node_port = Port(32000);
        }
        if (chance(30)) {
            s.affinity_timeout = 10 + below(2);
        }
        const auto v4 = v4_address();
        const auto v6 = v6_address();
        s.cluster_ip = chance(70) ? v4 : v6;
        if (chance(60)) {
            s.family_ips = {{Family::ipv4, v4}, {Family::ipv6, v6}};
        }
        addresses(s.external_ips);
        addresses(s.load_balancer_ips);
        s.source_ranges_set = chance(30);
        if (s.source_ranges_set && chance(80)) {
            s.source_ranges = nets({"10.0.0.0/8", "203.0.113.0/24"});
        }
        for (auto n = below(4); n > 0; --n) {
            s.ports.push_back({port_name(), protocol(), Port(static_cast<uint16_t>(80 + below(2))),
                               Port(static_cast<uint16_t>(chance(50) ? 0 : 30000 + below(2)))});
        }
        return s;
    }

  private:
    EndpointSlice slice() {
        EndpointSlice s;
        s.ns = "ns" + letter(2);
        s.name = "slice" + letter(6);
        s.service = chance(95) ? "s" + letter(5) : "";
        if (chance(97)) {
            s.family = chance(60) ? Family::ipv4 : Family::ipv6;
        }
        s.headless = chance(3);
        for (auto n = below(4); n > 0; --n) {
            s.ports.push_back(
                {port_name(), protocol(), Port(static_cast<uint16_t>(8080 + below(2)))});
        }
        for (auto n = below(5); n > 0; --n) {
            auto e = names_.endpoint(
                (s.family == Family::ipv6 ? "fd00::" : "10.0.0.") + std::to_string(1 + below(5)),
                "RRRTX"[below(5)], chance(40) ? "here" : "there");
            if (chance(70)) {
                e.zone_hints = chance(50) ? names_.list({"a"}) : names_.list({"b", "c"});
            }
            if (chance(20)) {
                e.node_hints = chance(50) ? names_.list({"here"}) : names_.list({"there"});
            }
            s.endpoints.push_back(e);
        }
        return s;
    }
    Node node() {
        Node n;
        n.name = chance(80) ? "here" : "there";
        n.zone = chance(80) ? letter(3) : "";
        if (chance(80)) {
            n.addresses = ips({chance(50) ? "203.0.113.4" : "198.51.100.4"});
        }
        return n;
    }
    std::string letter(unsigned count) { return {static_cast<char>('a' + below(count))}; }
    TrafficPolicy policy() { return chance(60) ? TrafficPolicy::cluster : TrafficPolicy::local; }
    Protocol protocol() { return chance(70) ? Protocol::tcp : Protocol::udp; }
    std::string port_name() { return std::string("p") + letter(2); }
    IpAddr v4_address() { return ip("10.96.0." + std::to_string(below(6))); }
    IpAddr v6_address() { return ip("fd00:96::" + std::to_string(below(6))); }
    void addresses(std::vector<IpAddr>& all) {
        for (auto n = below(3); n > 0; --n) {
            all.push_back(chance(60) ? v4_address() : v6_address());
        }
    }

    std::mt19937 random_;
    Names& names_;
};

using Objects = std::map<ObjectKey, Object>;
using Plans = std::map<ServiceName, ServicePlan>;

Plans take_all(ClusterState& state) {
    Plans plans;
    while (state.has_dirty()) {
        for (const auto& plan : state.take(7).changed) {
            plans[plan->name] = *plan;
        }
    }
    return plans;
}

Plans build(Names& names, const std::vector<Object>& objects) {
    ClusterState state(names.symbols, "here");
    for (const auto& object : objects) {
        state.apply(Upserted{object});
    }
    return take_all(state);
}

std::vector<Object> values(const Objects& objects) {
    std::vector<Object> all;
    for (const auto& [key, object] : objects) {
        all.push_back(object);
    }
    return all;
}

std::string text(const Plans& plans) {
    std::string all;
    for (const auto& [name, plan] : plans) {
        all += plan_text(plan);
    }
    return all;
}

using Key = std::tuple<IpAddr, Protocol, Port>;

/// No frontend is in two plans.
void expect_each_frontend_once(const Plans& plans) {
    std::set<Key> seen;
    for (const auto& [name, plan] : plans) {
        for (const auto& port : plan.ports) {
            for (const auto& frontend : port.frontends) {
                ASSERT_TRUE(seen.insert({frontend.address, port.protocol, frontend.port}).second)
                    << text(plans);
            }
        }
    }
}

/// Who holds each frontend is decided by rank alone, and who lost one knows the holder.
void expect_best_hold(const Plans& plans) {
    using Rank = std::tuple<FrontendKind, ServiceName>;
    std::map<Key, Rank> held;
    for (const auto& [name, plan] : plans) {
        for (const auto& port : plan.ports) {
            for (const auto& f : port.frontends) {
                held.insert({{f.address, port.protocol, f.port}, {f.kind, name}});
            }
        }
    }
    for (const auto& [name, plan] : plans) {
        for (const auto& lost : plan.lost) {
            const auto holder = held.find({lost.address, lost.protocol, lost.port});
            ASSERT_NE(holder, held.end());
            ASSERT_EQ(std::get<1>(holder->second), lost.holder);
            ASSERT_LE(holder->second, (Rank{lost.kind, name}));
        }
    }
}

/// Every endpoint that some slice shows as neither Ready nor last resort, and none as better.
void expect_usable_endpoints(const Plans& plans, const Objects& objects) {
    std::set<std::tuple<ServiceName, IpAddr>> usable;
    for (const auto& [key, object] : objects) {
        const auto* slice = std::get_if<EndpointSlice>(&object);
        if (slice == nullptr) {
            continue;
        }
        for (const auto& e : slice->endpoints) {
            if (e.ready || (e.serving && e.terminating)) {
                usable.insert({{slice->ns, slice->service}, e.address});
            }
        }
    }
    for (const auto& [name, plan] : plans) {
        for (const auto& port : plan.ports) {
            for (const auto& list : {port.cluster, port.local}) {
                for (const auto& endpoint : list) {
                    ASSERT_TRUE(usable.contains({name, endpoint.address.ip})) << plan_text(plan);
                }
            }
        }
    }
}

TEST(RandomHistory, OrderOfEventsIsInvisible) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        Names names;
        Dice dice(seed, names);
        Objects objects;
        for (int i = 0; i < 40; ++i) {
            auto object = dice.object();
            objects.insert_or_assign(key_of(object), object);
        }
        auto shuffled = values(objects);
        const auto expected = build(names, shuffled);
        expect_each_frontend_once(expected);
        expect_best_hold(expected);
        expect_usable_endpoints(expected, objects);
        for (int round = 0; round < 3; ++round) {
            std::ranges::shuffle(shuffled, dice.engine());
            ASSERT_EQ(build(names, shuffled), expected) << "seed " << seed;
        }
    }
}

/// A cluster state and a kernel that takes what it tells, as an agent would drive them.
struct World {
    Names names;
    Dice dice;
    ClusterState state{names.symbols, "here"};
    Objects objects;
    Plans kernel;

    explicit World(unsigned seed) : dice(seed, names) {}

    void happen() {
        if (dice.chance(70) || objects.empty()) {
            auto object = dice.object();
            objects.insert_or_assign(key_of(object), object);
            state.apply(Upserted{std::move(object)});
        } else {
            const auto victim =
                std::next(objects.begin(), dice.below(static_cast<unsigned>(objects.size())));
            state.apply(Removed{victim->first});
            objects.erase(victim);
        }
    }
    void commit(std::size_t max) {
        const auto delta = state.take(max);
        for (const auto& name : delta.removed) {
            kernel.erase(name);
        }
        for (const auto& plan : delta.changed) {
            kernel[plan->name] = *plan;
        }
        // Handing over a frontend is one batch: at no time have two Services the same.
        expect_each_frontend_once(kernel);
    }
    /// The commit of some Services failed: the kernel keeps what it had.
    void fail_to_commit(std::size_t max) {
        const auto delta = state.take(max);
        for (const auto& name : delta.removed) {
            state.mark_dirty(name);
        }
        for (const auto& plan : delta.changed) {
            state.mark_dirty(plan->name);
        }
    }
    void commit_all() {
        while (state.has_dirty()) {
            commit(3);
        }
    }
};

TEST(RandomHistory, IncrementalEqualsFreshBuild) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        World world(seed);
        for (int step = 0; step < 60; ++step) {
            for (auto n = world.dice.below(4); n > 0; --n) {
                world.happen();
            }
            world.commit(1 + world.dice.below(3));
            if (world.dice.chance(20)) {
                world.commit_all();
                ASSERT_EQ(text(world.kernel), text(build(world.names, values(world.objects))))
                    << "seed " << seed << " step " << step;
            }
        }
        world.commit_all();
        ASSERT_EQ(world.kernel, build(world.names, values(world.objects))) << "seed " << seed;
    }
}

TEST(RandomHistory, FailedCommitsHealWithoutAnotherEvent) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        World world(seed);
        for (int step = 0; step < 30; ++step) {
            world.happen();
            if (world.dice.chance(40)) {
                world.fail_to_commit(1 + world.dice.below(5));
            }
            if (world.dice.chance(5)) {
                world.state.mark_all_dirty();
            }
        }
        world.commit_all();
        ASSERT_EQ(world.kernel, build(world.names, values(world.objects))) << "seed " << seed;
    }
}

TEST(RandomHistory, RemovingEverythingLeavesNothing) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        World world(seed);
        for (int step = 0; step < 40; ++step) {
            world.happen();
            if (world.dice.chance(30)) {
                world.commit(2);
            }
        }
        auto keys = values(world.objects);
        std::ranges::shuffle(keys, world.dice.engine());
        for (const auto& object : keys) {
            world.state.apply(Removed{key_of(object)});
        }
        world.commit_all();
        ASSERT_TRUE(world.kernel.empty()) << text(world.kernel);
        ASSERT_EQ(world.state.service_count(), 0U);
        ASSERT_EQ(world.state.node(), nullptr);
        ASSERT_TRUE(world.state.service_cidrs().empty());
        world.state.mark_all_dirty();
        ASSERT_FALSE(world.state.has_dirty());
    }
}

TEST(RandomHistory, RepeatingEveryEventChangesNothing) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        World world(seed);
        for (int step = 0; step < 60; ++step) {
            world.happen();
        }
        world.commit_all();
        for (const auto& object : values(world.objects)) {
            world.state.apply(Upserted{object});
        }
        ASSERT_FALSE(world.state.has_dirty());
    }
}

}  // namespace
}  // namespace sy
