// One poisonous Service among a thousand: cases 92 and 93. Cluster objects are written by people;
// whatever is in one of them, the others must work.
#include <algorithm>
#include <functional>

#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

constexpr unsigned kNeighbours = 200;  // on the lab's ClusterIPs; 800 more beside them

class PoisonCases : public PacketTest {
  protected:
    void put_neighbours() {
        for (unsigned n = 1; n <= 5 * kNeighbours; ++n) {
            const std::string name = "good/s" + std::to_string(n);
            cluster.put(service(name)
                            .ip(neighbour_ip(n))
                            .port(80)
                            .node_port(static_cast<uint16_t>(31000 + n)));
            cluster.put(pods(name, {n % 2 == 0 ? Place::pod1 : Place::podr}));
        }
    }
    IpAddr neighbour_ip(unsigned n) const {
        const unsigned third = n / 200;
        const unsigned last = n % 200 + 1;
        if (family() == Family::ipv4) {
            return IpAddr::v4(10, 96, static_cast<uint8_t>(1 + third), static_cast<uint8_t>(last));
        }
        return IpAddr::parse("fd00:96::" + std::to_string(1 + third) + ":" + std::to_string(last))
            .value();
    }
    void expect_neighbours() {
        for (unsigned n : {1u, 2u, 499u, 500u, 999u, 1000u}) {
            const std::string who = n % 2 == 0 ? "pod1" : "podr";
            EXPECT_TRUE(reaches(tcp(Place::ext, neighbour_ip(n), Port(80)), {who + " masq"}, 1));
            EXPECT_TRUE(reaches(tcp(Place::ext, node_ip(), Port(static_cast<uint16_t>(31000 + n))),
                                {who + " masq"}, 1));
        }
    }
    /// The bad one comes together with the thousand, and later changes on its own. It is
    /// programmed, or refused by name; nothing else happens to anybody.
    void poison(const std::string& name, const std::function<void()>& put_bad) {
        put_neighbours();
        put_bad();
        expect_contained(cluster.sync(), name);
        expect_neighbours();
        cluster.put(pods("good/s1", {Place::pod1}));
        expect_contained(cluster.sync(), name);
        EXPECT_TRUE(reaches(tcp(Place::ext, neighbour_ip(1), Port(80)), {"pod1 masq"}, 1));
        cluster.put(pods("good/s1", {Place::podr}));
        cluster.remove(name);
        cluster.must_sync();
        expect_neighbours();
        // No trace of it: a restart finds what belongs to the good ones only.
        cluster.restart();
        EXPECT_EQ(cluster.must_sync().writes, 0u);
    }
    static void expect_contained(const ApplyReport& report, const std::string& name) {
        EXPECT_FALSE(report.failure) << report.failure->message();
        for (const Quarantined& one : report.quarantined) {
            EXPECT_EQ(one.service, service_name(name)) << one.error.message();
        }
    }
};
SY_EVERY_BACKEND(PoisonCases);

TEST_P(PoisonCases, LongestNames) {
    const std::string ns(63, 'n');
    std::string long_name;
    while (long_name.size() < 253) {
        long_name += long_name.size() % 64 == 63 ? '.' : 'x';
    }
    const std::string name = ns + "/" + long_name;
    const std::string port_name(63, 'p');
    poison(name, [&] {
        cluster.put(service(name)
                        .ip(vip(250))
                        .port(80, Protocol::tcp, port_name)
                        .node_port(32000)
                        .port(81, Protocol::udp, std::string(62, 'p') + "q"));
        SliceSpec spec = slice(name, family()).port(8080, Protocol::tcp, port_name);
        cluster.put(on(spec, family(), Place::pod1));
    });
    cluster.put(service(name).ip(vip(250)).port(80, Protocol::tcp, port_name));
    SliceSpec spec = slice(name, family()).port(8080, Protocol::tcp, port_name);
    cluster.put(on(spec, family(), Place::pod1));
    cluster.must_sync();
    EXPECT_TRUE(reaches(tcp(Place::ext, vip(250), Port(80)), {"pod1 masq"}, 2));
}

TEST_P(PoisonCases, NamesThatMeanSomethingElsewhere) {
    const std::string name = "; flush ruleset #/\"} \\ $(reboot)\n\t\x01 add rule";
    poison(name, [&] {
        cluster.put(service(name).ip(vip(250)).port(80, Protocol::tcp, "{ };\n"));
        SliceSpec spec = slice(name, family()).port(8080, Protocol::tcp, "{ };\n");
        cluster.put(on(spec, family(), Place::pod1));
    });
}

TEST_P(PoisonCases, AddressesNobodyShouldUse) {
    const bool v4 = family() == Family::ipv4;
    const std::vector<std::string> odd =
        v4 ? std::vector<std::string>{"0.0.0.0",   "127.0.0.1",       "255.255.255.255",
                                      "224.0.0.1", "169.254.169.254", "10.96.0.250"}
           : std::vector<std::string>{"::", "::1", "ff02::1", "fe80::1", "ffff::", "fd00:96::250"};
    poison("bad/odd", [&] {
        ServiceSpec spec = service("bad/odd").ip(vip(250)).port(65535).port(1);
        SliceSpec endpoints = slice("bad/odd", family()).port(65535);
        for (const std::string& text : odd) {
            spec.external_ip(IpAddr::parse(text).value());
            spec.load_balancer(IpAddr::parse(text).value());
            endpoints.endpoint(IpAddr::parse(text).value(), std::string(kNodeName));
        }
        cluster.put(spec);
        cluster.put(endpoints);
    });
}

TEST_P(PoisonCases, TheSameThingTwice) {
    poison("bad/twice", [&] {
        cluster.put(service("bad/twice")
                        .ip(vip(250))
                        .external_ip(vip(250))
                        .load_balancer(vip(250))
                        .external_ip(ext_ip(1))
                        .external_ip(ext_ip(1))
                        .port(80, Protocol::tcp, "a")
                        .node_port(32001)
                        .port(80, Protocol::tcp, "b")
                        .node_port(32001)
                        .port(80, Protocol::tcp, "a"));
        SliceSpec endpoints = slice("bad/twice", family())
                                  .port(8080, Protocol::tcp, "a")
                                  .port(8080, Protocol::tcp, "a");
        on(endpoints, family(), Place::pod1);
        cluster.put(on(endpoints, family(), Place::pod1));
    });
}

TEST_P(PoisonCases, ThousandsOfEndpoints) {
    for (bool sticky : {false, true}) {
        poison("bad/big", [&] {
            ServiceSpec spec = service("bad/big").ip(vip(250)).port(80);
            if (sticky) {
                spec.sticky(1);
            }
            cluster.put(spec);
            SliceSpec endpoints = slice("bad/big", family()).port(8080);
            for (unsigned n = 0; n < 3000; ++n) {
                endpoints.endpoint(family() == Family::ipv4
                                       ? IpAddr::v4(10, 244, static_cast<uint8_t>(100 + n / 250),
                                                    static_cast<uint8_t>(1 + n % 250))
                                       : IpAddr::parse("fd00:244:64::" + std::to_string(n)).value(),
                                   std::string(kOtherNodeName));
            }
            cluster.put(endpoints);
        });
    }
}

TEST_P(PoisonCases, ThousandsOfRangesAndOddTimeouts) {
    poison("bad/ranges", [&] {
        ServiceSpec spec = service("bad/ranges").ip(vip(250)).port(80).load_balancer(lb(250));
        for (unsigned n = 0; n < 2000; ++n) {
            spec.allow(family() == Family::ipv4 ? "11." + std::to_string(n / 250) + "." +
                                                      std::to_string(n % 250) + ".0/24"
                                                : "fd11:" + std::to_string(n) + "::/33");
        }
        spec.allow(family() == Family::ipv4 ? "255.255.255.255/32"
                                            : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
        spec.allow(family() == Family::ipv4 ? "128.0.0.0/1" : "8000::/1");
        cluster.put(spec.sticky(86400));
        cluster.put(pods("bad/ranges", {Place::pod1, Place::pod2}));
    });
    for (uint32_t seconds : {1u, 86400u, 4294967295u}) {
        cluster.put(service("bad/timeout").ip(vip(249)).port(80).sticky(seconds));
        cluster.put(pods("bad/timeout", {Place::pod1, Place::pod2}));
        expect_contained(cluster.sync(), "bad/timeout");
        expect_neighbours();
    }
}

}  // namespace
}  // namespace sy::lab
