// Who is seen as the source, and which endpoints are used: cases 35 to 38, all 27 cells in every
// node-wide configuration. (39, NodePorts on 127.0.0.1, is not a promise of this dataplane.)
#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

enum class Which : uint8_t { plain, external_local, internal_local };
enum class Destination : uint8_t { cluster_ip, node_port, load_balancer };

using Seen = std::set<std::string>;
// pod1 is the local endpoint, podr the remote one.
const Seen kBothKept{"pod1 kept", "podr kept"};
const Seen kBothMasq{"pod1 masq", "podr masq"};
const Seen kLocalKept{"pod1 kept"};
const Seen kLocalMasq{"pod1 masq"};

struct Cell {
    Which service;
    Destination destination;
    Place from;
    Seen base;
    Seen no_detector;
    Seen masquerade_all;
    Seen both;
};

std::vector<Cell> cells() {
    using enum Which;
    using enum Destination;
    constexpr Place kPod = Place::pod2;
    constexpr Place kNode = Place::node;
    constexpr Place kExt = Place::ext;
    return {
        // service        destination    from   base        no detector  masq. all   both
        {plain, cluster_ip, kPod, kBothKept, kBothKept, kBothMasq, kBothMasq},
        {plain, cluster_ip, kNode, kBothMasq, kBothKept, kBothMasq, kBothMasq},
        {plain, cluster_ip, kExt, kBothMasq, kBothKept, kBothMasq, kBothMasq},
        {plain, node_port, kPod, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {plain, node_port, kNode, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {plain, node_port, kExt, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {plain, load_balancer, kPod, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {plain, load_balancer, kNode, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {plain, load_balancer, kExt, kBothMasq, kBothMasq, kBothMasq, kBothMasq},

        {external_local, cluster_ip, kPod, kBothKept, kBothKept, kBothMasq, kBothMasq},
        {external_local, cluster_ip, kNode, kBothMasq, kBothKept, kBothMasq, kBothMasq},
        {external_local, cluster_ip, kExt, kBothMasq, kBothKept, kBothMasq, kBothMasq},
        {external_local, node_port, kPod, kBothKept, kLocalKept, kBothKept, kLocalKept},
        {external_local, node_port, kNode, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {external_local, node_port, kExt, kLocalKept, kLocalKept, kLocalKept, kLocalKept},
        {external_local, load_balancer, kPod, kBothKept, kLocalKept, kBothKept, kLocalKept},
        {external_local, load_balancer, kNode, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {external_local, load_balancer, kExt, kLocalKept, kLocalKept, kLocalKept, kLocalKept},

        {internal_local, cluster_ip, kPod, kLocalKept, kLocalKept, kLocalMasq, kLocalMasq},
        {internal_local, cluster_ip, kNode, kLocalMasq, kLocalKept, kLocalMasq, kLocalMasq},
        {internal_local, cluster_ip, kExt, kLocalMasq, kLocalKept, kLocalMasq, kLocalMasq},
        {internal_local, node_port, kPod, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {internal_local, node_port, kNode, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {internal_local, node_port, kExt, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {internal_local, load_balancer, kPod, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {internal_local, load_balancer, kNode, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
        {internal_local, load_balancer, kExt, kBothMasq, kBothMasq, kBothMasq, kBothMasq},
    };
}

class SourceMatrix : public PacketTest {
  protected:
    void load() {
        for (Protocol protocol : {Protocol::tcp, Protocol::udp}) {
            for (unsigned n = 1; n <= 3; ++n) {
                const std::string name =
                    "shop/s" + std::to_string(n) + (protocol == Protocol::udp ? "-udp" : "");
                const unsigned number = n + (protocol == Protocol::udp ? 10 : 0);
                ServiceSpec spec = service(name)
                                       .ip(vip(number))
                                       .port(80, protocol)
                                       .node_port(node_port(n, protocol))
                                       .load_balancer(lb(number));
                if (n == 2) {
                    spec.external_local();
                } else if (n == 3) {
                    spec.internal_local();
                }
                cluster.put(spec);
                cluster.put(pods(name, {Place::pod1, Place::podr}, protocol));
            }
        }
        cluster.must_sync();
    }

    static uint16_t node_port(unsigned n, Protocol protocol) {
        return static_cast<uint16_t>(30000 + n + (protocol == Protocol::udp ? 10 : 0));
    }

    void check(Seen Cell::* column) {
        for (const Cell& cell : cells()) {
            const unsigned n = static_cast<unsigned>(cell.service) + 1;
            for (Protocol protocol : {Protocol::tcp, Protocol::udp}) {
                const unsigned number = n + (protocol == Protocol::udp ? 10 : 0);
                IpAddr to = vip(number);
                Port port(80);
                if (cell.destination == Destination::node_port) {
                    to = node_ip();
                    port = Port(node_port(n, protocol));
                } else if (cell.destination == Destination::load_balancer) {
                    to = lb(number);
                }
                Flow flow =
                    protocol == Protocol::tcp ? tcp(cell.from, to, port) : udp(cell.from, to, port);
                EXPECT_TRUE(reaches(flow, cell.*column)) << "service " << n;
            }
        }
    }
};
SY_EVERY_BACKEND(SourceMatrix);

TEST_P(SourceMatrix, Base) {
    load();
    check(&Cell::base);
}

TEST_P(SourceMatrix, PodsKnownByInterface) {
    cluster.facts.detector = interface_detector();
    load();
    check(&Cell::base);
    // What only the address gives away is no pod to this detector, and the other way round.
    EXPECT_TRUE(reaches(tcp(Place::podr, vip(3), Port(80)), {"pod1 masq"}, 4));
    cluster.facts.detector = cidr_detector();
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::podr, vip(3), Port(80)), {"pod1 kept"}, 4));
}

TEST_P(SourceMatrix, PodsKnownByOneInterface) {
    cluster.facts.detector = InterfaceDetector{std::string(kPodInterfacePrefix) + "2", false};
    load();
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(3), Port(80)), {"pod1 kept"}, 4));
    EXPECT_TRUE(reaches(tcp(Place::pod1, vip(1), Port(80)), {"pod1 masq", "podr masq"}));
}

TEST_P(SourceMatrix, NoDetector) {
    cluster.facts.detector = NoDetector{};
    load();
    check(&Cell::no_detector);
}

TEST_P(SourceMatrix, MasqueradeAll) {
    cluster.facts.masquerade_all = true;
    load();
    check(&Cell::masquerade_all);
}

TEST_P(SourceMatrix, MasqueradeAllWithoutDetector) {
    cluster.facts.masquerade_all = true;
    cluster.facts.detector = NoDetector{};
    load();
    check(&Cell::both);
}

TEST_P(SourceMatrix, DetectorOfTheOtherFamilyIsNoDetector) {
    const Family other = family() == Family::ipv4 ? Family::ipv6 : Family::ipv4;
    cluster.facts.detector = CidrDetector{{pod_network(other)}};
    load();
    check(&Cell::no_detector);
}

TEST_P(SourceMatrix, ConfigurationChangesAtRuntime) {
    load();
    const Flow node_client = tcp(Place::node, vip(1), Port(80));
    Session before = Session::open(lab(), node_client);
    EXPECT_TRUE(reaches(node_client, kBothMasq));
    cluster.facts.detector = NoDetector{};
    cluster.must_sync();
    EXPECT_TRUE(reaches(node_client, kBothKept));
    cluster.facts.masquerade_all = true;
    cluster.must_sync();
    EXPECT_TRUE(reaches(node_client, kBothMasq));
    cluster.facts.detector = cidr_detector();
    cluster.facts.masquerade_all = false;
    cluster.must_sync();
    check(&Cell::base);
    EXPECT_TRUE(before.echo("still there"));
}

}  // namespace
}  // namespace sy::lab
