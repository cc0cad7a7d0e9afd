// A thousand random event sequences. After each, a process that knows nothing adopts what is in
// the kernel and applies the whole state: had any delta gone wrong, it would find something to
// write.
#include <random>

#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

constexpr unsigned kSequences = 1000;
/// Where each change starts programs, and each start a dozen; or where the processor is emulated.
constexpr unsigned kFewSequences = 100;
constexpr uint32_t kSeed = 20240817;

class RandomCases : public PacketTest {
  protected:
    unsigned roll(unsigned sides) { return static_cast<unsigned>(random_()) % sides; }
    bool chance(unsigned percent) { return roll(100) < percent; }
    Family any_family() { return chance(50) ? Family::ipv4 : Family::ipv6; }
    std::string any_name() { return "shop/s" + std::to_string(roll(8)); }

    ServiceSpec any_service() {
        const std::string name = any_name();
        ServiceSpec spec = service(name);
        // Two Services may claim one address: contested on purpose.
        const unsigned n = 1 + roll(10);
        const Family first = any_family();
        if (chance(95)) {
            spec.ip(cluster_ip(first, n));
            if (chance(50)) {
                spec.ip(cluster_ip(first == Family::ipv4 ? Family::ipv6 : Family::ipv4, n));
            }
        }
        const unsigned ports = 1 + roll(3);
        for (unsigned i = 0; i < ports; ++i) {
            const Protocol protocol =
                std::array{Protocol::tcp, Protocol::udp, Protocol::sctp}[roll(3)];
            spec.port(static_cast<uint16_t>(80 + roll(3)), protocol, "p" + std::to_string(i));
            if (chance(40)) {
                spec.node_port(static_cast<uint16_t>(30001 + roll(6)));
            }
        }
        for (Family each : kFamilies) {
            if (chance(30)) {
                spec.load_balancer(load_balancer_ip(each, 1 + roll(4)));
                if (chance(50)) {
                    spec.allow(allowed_network(each).to_string());
                }
            }
            if (chance(20)) {
                spec.external_ip(external_ip(each, 1 + roll(4)));
            }
        }
        if (chance(30)) {
            spec.internal_local();
        }
        if (chance(30)) {
            spec.external_local();
        }
        if (chance(30)) {
            spec.sticky(chance(50) ? 600 : 1 + roll(5));
        }
        return spec;
    }

    SliceSpec any_slice() {
        const Family each = any_family();
        SliceSpec spec = slice(any_name(), each, std::to_string(1 + roll(2)));
        for (unsigned i = 0; i < 3; ++i) {
            if (chance(70)) {
                const Protocol protocol =
                    std::array{Protocol::tcp, Protocol::udp, Protocol::sctp}[roll(3)];
                spec.port(static_cast<uint16_t>(8080 + roll(2)), protocol, "p" + std::to_string(i));
            }
        }
        for (Place place : {Place::pod1, Place::pod2, Place::podr, Place::node}) {
            if (chance(50)) {
                on(spec, each, place, static_cast<Pod>(chance(70) ? 0 : roll(5)));
            }
        }
        const unsigned crowd = chance(10) ? roll(90) : 0;
        for (unsigned n = 0; n < crowd; ++n) {
            spec.endpoint(crowd_address(each, n), std::string(kOtherNodeName));
        }
        return spec;
    }

    void any_facts() {
        if (chance(30)) {
            cluster.facts.masquerade_all = chance(50);
        }
        if (chance(50)) {
            cluster.facts.nodeport_addresses.clear();
            for (Family each : kFamilies) {
                if (chance(80)) {
                    cluster.facts.nodeport_addresses.push_back(address(Place::node, each));
                }
                if (chance(30)) {
                    cluster.facts.nodeport_addresses.push_back(second_node_address(each));
                }
            }
        }
        if (chance(30)) {
            cluster.facts.detector = chance(60)   ? cidr_detector()
                                     : chance(50) ? interface_detector()
                                                  : LocalDetector{NoDetector{}};
        }
    }

    void any_event() {
        const unsigned kind = roll(100);
        if (kind < 30) {
            cluster.put(any_service());
        } else if (kind < 70) {
            cluster.put(any_slice());
        } else if (kind < 80) {
            cluster.remove_service(any_name());
        } else if (kind < 90) {
            cluster.remove_slice(slice(any_name(), any_family(), std::to_string(1 + roll(2))));
        } else if (kind < 93) {
            Node node = node_object();
            node.zone = chance(50) ? "a" : "";
            cluster.put(node);
        } else if (kind < 97) {
            any_facts();
        } else {
            cluster.remove(any_name());
        }
    }

    std::mt19937 random_{kSeed};
};
// Both families are in each sequence; the family of the variant only seeds differently.
SY_EVERY_BACKEND(RandomCases);

TEST_P(RandomCases, ThousandSequencesEqualAFreshBuild) {
    random_.seed(kSeed + (family() == Family::ipv6 ? 1 : 0));
    const auto backend = GetParam().backend->entry->name;
    const bool slow = backend == "iptables" || backend == "ipvs";
    const unsigned sequences = (slow ? kFewSequences : kSequences) / 2;
    for (unsigned sequence = 0; sequence < sequences; ++sequence) {
        SCOPED_TRACE("sequence " + std::to_string(sequence));
        if (sequence % 25 == 0) {
            cluster.teardown();  // some histories begin with nothing
            cluster.restart();
        }
        const unsigned events = 1 + roll(12);
        for (unsigned i = 0; i < events; ++i) {
            any_event();
            if (chance(40)) {
                cluster.must_sync();
            }
        }
        cluster.must_sync();
        const Result<KernelReport> audit = cluster.audit();
        ASSERT_TRUE(audit) << audit.error().message();
        ASSERT_EQ(audit->drifted, 0u);
        ASSERT_FALSE(cluster.restart().rebuilt);
        const ApplyReport fresh = cluster.must_sync();
        ASSERT_EQ(fresh.writes, 0u);
        ASSERT_FALSE(HasFailure());
    }
}

}  // namespace
}  // namespace sy::lab
