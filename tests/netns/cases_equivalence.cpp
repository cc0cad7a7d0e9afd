// Random Services, policies and endpoints: every packet must reach the endpoints, with the source
// or the refusal, that an independent judge says. As he knows no backend, all backends that pass
// give the same answers.
#include <random>

#include "tests/support/backend_fixture.h"
#include "tests/support/verdict.h"

namespace sy::lab {
namespace {

constexpr unsigned kClusters = 4;
constexpr uint32_t kSeed = 7001;
constexpr unsigned kServices = 8;

class EquivalenceCases : public PacketTest {
  protected:
    unsigned roll(unsigned sides) { return static_cast<unsigned>(random_()) % sides; }
    bool chance(unsigned percent) { return roll(100) < percent; }

    static std::string name(unsigned n) { return "shop/s" + std::to_string(n); }
    static uint16_t node_port(unsigned n) { return static_cast<uint16_t>(30000 + n); }

    /// One port of each protocol; everything else is random.
    void put_service(unsigned n) {
        ServiceSpec spec = service(name(n)).ip(vip(n));
        for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
            spec.port(80, protocol, protocol == Protocol::tcp ? "t" : "u").node_port(node_port(n));
        }
        if (chance(60)) {
            spec.load_balancer(lb(n));
            if (chance(50)) {
                spec.allow(allowed_network(family()).to_string());
            }
        }
        if (chance(40)) {
            spec.external_ip(ext_ip(n));
        }
        if (chance(35)) {
            spec.internal_local();
        }
        if (chance(45)) {
            spec.external_local();
        }
        if (chance(25)) {
            spec.sticky(600);
        }
        cluster.put(spec);
        put_endpoints(n);
    }

    void put_endpoints(unsigned n) {
        SliceSpec spec = slice(name(n), family())
                             .port(kServerPort.number(), Protocol::tcp, "t")
                             .port(kServerPort.number(), Protocol::udp, "u");
        for (const Place place : {Place::pod1, Place::pod2, Place::podr}) {
            if (chance(45)) {
                on(spec, family(), place, static_cast<Pod>(chance(75) ? 0 : roll(5)));
            }
        }
        cluster.put(spec);
    }

    void choose_facts() {
        cluster.facts.masquerade_all = chance(25);
        cluster.facts.detector = chance(50)   ? cidr_detector()
                                 : chance(60) ? interface_detector()
                                              : LocalDetector{NoDetector{}};
    }

    std::vector<Flow> flows() const {
        std::vector<Flow> all;
        const auto add = [&](const IpAddr& to, uint16_t port) {
            for (const Place from :
                 {Place::pod1, Place::pod2, Place::node, Place::ext, Place::blk}) {
                all.push_back(tcp(from, to, Port(port)));
                all.push_back(udp(from, to, Port(port)));
            }
        };
        for (unsigned n = 1; n <= kServices; ++n) {
            add(vip(n), 80);
            add(lb(n), 80);
            add(ext_ip(n), 80);
            add(node_ip(), node_port(n));
        }
        add(vip(1), 81);              // a port that no Service has
        add(vip(kServices + 1), 80);  // an address that no Service has
        add(node_ip(), 29999);
        return all;
    }

    /// Everything that changed, for new flows: no backend moves those that are there (the agent
    /// does, see conntrack), and one of them may have the port of a new one.
    void sync() {
        cluster.must_sync();
        const Result<void> flushed = flush_conntrack(lab().at(Place::node));
        ASSERT_TRUE(flushed) << flushed.error().message();
    }

    /// Translated sockets are a pod's only where the pod is known to be one: without a detector
    /// its packets may be translated as those of a stranger, and show that.
    testing::AssertionResult reaches_somehow(const Flow& flow, const Seen& expected) const {
        testing::AssertionResult result = reaches(flow, expected, 1);
        const bool pod = flow.from == Place::pod1 || flow.from == Place::pod2;
        if (!result && pod && std::holds_alternative<NoDetector>(cluster.facts.detector)) {
            return reaches_by_packets(flow, expected, 1);
        }
        return result;
    }

    void check() {
        const PlanDelta plans = cluster.plans();
        std::vector<Flow> refusals;
        std::vector<Flow> silences;
        for (const Flow& flow : flows()) {
            const Expected expected = verdict(plans, cluster.facts, flow);
            if (expected.outcomes.contains("refused")) {
                refusals.push_back(flow);
            } else if (expected.outcomes.contains("silent")) {
                silences.push_back(flow);
            } else if (expected.sticky) {
                EXPECT_TRUE(sticks(flow, expected.outcomes));
            } else {
                EXPECT_TRUE(reaches_somehow(flow, expected.outcomes));
            }
        }
        EXPECT_TRUE(refused(refusals));
        EXPECT_TRUE(silent(silences));
    }

    testing::AssertionResult sticks(const Flow& flow, const Seen& expected) const {
        const Seen seen = reached(lab(), flow, 8);
        const Seen allowed = as_shown(flow, expected);
        if (seen.size() == 1 && allowed.contains(*seen.begin())) {
            return testing::AssertionSuccess();
        }
        return testing::AssertionFailure()
               << flow.to_string() << " gave " << testing::PrintToString(seen)
               << " instead of always the same one of " << testing::PrintToString(allowed);
    }

    std::mt19937 random_{kSeed};
};
SY_EVERY_BACKEND(EquivalenceCases);

TEST_P(EquivalenceCases, RandomClustersAreServedAsTheJudgeSays) {
    for (unsigned round = 0; round < kClusters; ++round) {
        SCOPED_TRACE("cluster " + std::to_string(round));
        random_.seed(kSeed + 2 * round + (family() == Family::ipv6 ? 1 : 0));
        choose_facts();
        for (unsigned n = 1; n <= kServices; ++n) {
            put_service(n);
        }
        sync();
        check();
        for (unsigned n = 1; n <= kServices; n += 2) {  // and after a change
            put_endpoints(n);
        }
        sync();
        check();
        ASSERT_FALSE(HasFailure());
        for (unsigned n = 1; n <= kServices; ++n) {
            cluster.remove(name(n));
        }
        sync();
    }
}

}  // namespace
}  // namespace sy::lab
