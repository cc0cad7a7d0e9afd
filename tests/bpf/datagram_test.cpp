// Unconnected UDP sockets: where datagrams go, whom replies seem to come from.
#include <functional>

#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

void expect_reply(Client& udp, const EndpointAddr& to, const std::string& server) {
    const std::optional<Reply> reply = udp.ask(to);
    ASSERT_TRUE(reply) << server;
    EXPECT_EQ(reply->from, to);
    EXPECT_EQ(reply->greeting.server, server);
}

class Datagram : public SocketTest {};

INSTANTIATE_TEST_SUITE_P(Sockets, Datagram,
                         testing::Combine(testing::ValuesIn(kFlavors),
                                          testing::Values(Place::node, Place::pod1)),
                         name_of);

TEST_P(Datagram, ReachesEveryEndpointButStaysOnOnePerSocket) {
    serve(1, pods());
    expect_all({"pod1", "pod2", "podr"}, [&]() -> std::string {
        Client udp = client(Protocol::udp);
        std::set<std::string> servers;
        for (int i = 0; i < 4; ++i) {
            const std::optional<Reply> reply = udp.ask(vip(1));
            if (!reply) {
                return "nothing";
            }
            EXPECT_EQ(reply->from, vip(1));
            servers.insert(reply->greeting.server);
        }
        EXPECT_EQ(servers.size(), 1);
        return *servers.begin();
    });
}

TEST_P(Datagram, CountsTheFirstOfAFlow) {
    serve(1, {Place::pod2});
    Client udp = client(Protocol::udp);
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(udp.ask(vip(1)));
    }
    EXPECT_EQ(maps().counters(id_of(1, Protocol::udp)).connections, 1);
    EXPECT_EQ(statistic(SY_STAT_HIT), 1);
    EXPECT_EQ(statistic(SY_STAT_STICKY), 3);
}

TEST_P(Datagram, MovesOnWhenTheEndpointLeaves) {
    serve(1, {Place::pod2});
    Client udp = client(Protocol::udp);
    expect_reply(udp, vip(1), "pod2");
    change(1, Protocol::udp, {Place::podr});
    maps().slot(id_of(1, Protocol::udp) * 8,
                sy_slot_word(id_of(1, Protocol::udp) * 8 + 2, id_of(1, Protocol::udp)));
    maps().endpoint(id_of(1, Protocol::udp) * 8 + 2, server(Place::podr));
    expect_reply(udp, vip(1), "podr");
    EXPECT_EQ(maps().counters(id_of(1, Protocol::udp)).connections, 2);
}

TEST_P(Datagram, TakesTheAddressOfAReusedIndexFromItsRecord) {
    serve(1, {Place::pod2});
    Client udp = client(Protocol::udp);
    expect_reply(udp, vip(1), "pod2");
    maps().endpoint(id_of(1, Protocol::udp) * 8 + 1, server(Place::podr));
    const std::optional<Reply> reply = udp.ask(vip(1));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->greeting.server, "podr");
    EXPECT_EQ(reply->from, vip(1));
}

// Six VIPs, a ring of four.
TEST_P(Datagram, TalksToManyVipsInLockstep) {
    const std::array<Place, 6> places{Place::pod1, Place::pod2, Place::podr,
                                      Place::pod1, Place::pod2, Place::podr};
    for (unsigned n = 1; n <= 6; ++n) {
        serve(n, {places[n - 1]});
    }
    Client udp = client(Protocol::udp);
    for (int round = 0; round < 3; ++round) {
        for (unsigned n = 1; n <= 6; ++n) {
            expect_reply(udp, vip(n), std::string(lab::to_string(places[n - 1])));
        }
    }
}

// Pitfall: of several VIPs with one endpoint, the one that was used last is meant, not the first
// one found.
TEST_P(Datagram, TellsVipsOfOneEndpointApartInLockstep) {
    for (unsigned n = 1; n <= 6; ++n) {
        serve(n, {Place::pod2});
    }
    Client udp = client(Protocol::udp);
    for (const unsigned n : {1U, 2U, 3U, 4U, 1U, 1U, 3U, 2U, 5U, 6U, 1U, 6U, 5U}) {
        expect_reply(udp, vip(n), "pod2");
    }
}

TEST_P(Datagram, KeepsFourVipsOnTheirEndpoints) {
    for (unsigned n = 1; n <= 4; ++n) {
        serve(n, pods());
    }
    Client udp = client(Protocol::udp);
    std::array<std::string, 5> servers;
    for (int round = 0; round < 6; ++round) {
        for (unsigned n = 1; n <= 4; ++n) {
            const std::optional<Reply> reply = udp.ask(vip(n));
            ASSERT_TRUE(reply);
            if (round > 0) {
                EXPECT_EQ(reply->greeting.server, servers[n]);
            }
            servers[n] = reply->greeting.server;
        }
    }
    EXPECT_EQ(statistic(SY_STAT_HIT), 4);
}

TEST_P(Datagram, ShowsEachOfSeveralOutstandingReplies) {
    serve(1, {Place::pod1});
    serve(2, {Place::pod2});
    serve(3, {Place::podr});
    Client udp = client(Protocol::udp);
    for (unsigned n = 1; n <= 3; ++n) {
        ASSERT_EQ(udp.send_to(vip(n)), 0);
    }
    for (int i = 0; i < 3; ++i) {
        const std::optional<Reply> reply = udp.receive();
        ASSERT_TRUE(reply);
        const unsigned n = reply->greeting.server == "pod1"   ? 1
                           : reply->greeting.server == "pod2" ? 2
                                                              : 3;
        EXPECT_EQ(reply->from, vip(n));
    }
}

TEST_P(Datagram, LeavesOthersAlone) {
    serve(1, {Place::pod2});
    Client udp = client(Protocol::udp);
    expect_reply(udp, vip(1), "pod2");
    const EndpointAddr other{at(Place::pod2), lab::kOtherServerPort};
    expect_reply(udp, other, "pod2");
    expect_reply(udp, server(Place::podr), "podr");
    EXPECT_EQ(statistic(SY_STAT_MISS), 2);
}

// One socket that speaks both families.
class DualStack : public HooksTest {};

TEST_F(DualStack, ASocketKeepsBothFamiliesApart) {
    const EndpointAddr vip6{lab::cluster_ip(Family::ipv6, 1), Port(80)};
    serve(1, {Place::pod2});
    const uint32_t id = 40;
    maps().list(
        id, 320,
        std::array{EndpointAddr{lab::address(Place::podr, Family::ipv6), lab::kServerPort}});
    maps().frontend({vip6.ip, vip6.port, Protocol::udp}, id);
    Client udp(Place::pod1, kMapped, Protocol::udp);
    for (int i = 0; i < 3; ++i) {
        expect_reply(udp, vip(1), "pod2");
        udp.speak(kV6);
        expect_reply(udp, vip6, "podr");
        udp.speak(kMapped);
    }
    EXPECT_EQ(statistic(SY_STAT_HIT), 2);
    EXPECT_EQ(statistic(SY_STAT_STICKY), 4);
}

}  // namespace
}  // namespace sy::bpf_test
