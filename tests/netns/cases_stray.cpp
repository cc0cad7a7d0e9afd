// Segments that conntrack holds for invalid (case 81): a late or out-of-window segment of a
// translated flow is not translated back. Would it reach the client, the client would answer with a
// reset and the endpoint would lose the connection.
#include <sys/socket.h>

#include "tests/support/backend_fixture.h"
#include "tests/support/outside_view.h"
#include "tests/support/packet.h"
#include "tests/support/sniffer.h"
#include "tests/support/socket_address.h"

namespace sy::lab {
namespace {

class StrayCases : public PacketTest {
  protected:
    /// Sends a segment from a pod as if one of its own sockets had.
    void inject(Place from, const TcpSegment& segment) const {
        Entered inside(lab().at(from));
        const Fd fd(::socket(domain(family()), SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP));
        ASSERT_TRUE(fd);
        const std::vector<uint8_t> bytes = write_tcp(segment);
        const SocketAddress to(segment.destination.ip, Port());
        ASSERT_EQ(::sendto(fd.get(), bytes.data(), bytes.size(), 0, to.get(), to.size),
                  static_cast<ssize_t>(bytes.size()));
    }
};
SY_EVERY_BACKEND(StrayCases);

TEST_P(StrayCases, OutOfWindowSegmentsOfAnEndpointNeverReachItsClient) {
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    // A client on another node: its packets are translated by every backend.
    Session session = Session::open(lab(), tcp(Place::podr, vip(1), Port(80)));
    ASSERT_TRUE(session) << describe(lab(), session.outcome());
    ASSERT_TRUE(session.echo("before"));

    const uint64_t dropped = cluster.view().stray_drops(lab(), family());
    Sniffer client(lab(), Place::podr, kOnlyInterface);
    const EndpointAddr endpoint{at(Place::pod1), kServerPort};
    // Where the connection's numbers start is random, and conntrack lets segments from the future
    // pass, translated. Of four numbers a quarter of the circle apart one lies behind the window.
    TcpSegment stray{endpoint, session.own(), 0, 0x20000000, true, false};
    for (const uint32_t sequence : {0x10000000U, 0x50000000U, 0x90000000U, 0xd0000000U}) {
        stray.sequence = sequence;
        TcpSegment reset = stray;
        reset.rst = true;
        for (int i = 0; i < 10; ++i) {
            inject(Place::pod1, stray);
            inject(Place::pod1, reset);
        }
    }
    // The same path, later: whatever was to come has come.
    EXPECT_TRUE(session.echo("after"));
    EXPECT_FALSE(client.saw_from(endpoint)) << "an untranslated segment reached the client";
    EXPECT_GE(cluster.view().stray_drops(lab(), family()), dropped + 10);

    // The other half of the proof: without the dataplane the very same segment arrives.
    cluster.teardown();
    inject(Place::pod1, stray);
    for (int i = 0; i < 1000 && !client.saw_from(endpoint); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(client.saw_from(endpoint));
}

TEST_P(StrayCases, SegmentsOfOthersAreNotOurBusiness) {
    cluster.put(service("shop/web").ip(vip(1)).port(80));
    cluster.put(pods("shop/web", {Place::pod1}));
    cluster.must_sync();
    // A reset of no known connection is invalid to conntrack, and pod2 is no endpoint.
    Sniffer client(lab(), Place::ext, kOnlyInterface);
    const EndpointAddr other{at(Place::pod2), kServerPort};
    inject(Place::pod2, {other, {at(Place::ext), Port(4711)}, 1, 0, false, true});
    for (int i = 0; i < 1000 && !client.saw_from(other); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(client.saw_from(other));

    // Once it is none any more, pod1 is treated like everyone, and pod2 now is not.
    SliceSpec moved = slice("shop/web", family());
    moved.port(kOtherServerPort.number());
    cluster.put(on(moved, family(), Place::pod2));
    cluster.must_sync();
    const EndpointAddr former{at(Place::pod1), kServerPort};
    inject(Place::pod1, {former, {at(Place::ext), Port(4712)}, 1, 0, false, true});
    for (int i = 0; i < 1000 && !client.saw_from(former); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(client.saw_from(former));
    const EndpointAddr now{at(Place::pod2), kOtherServerPort};
    inject(Place::pod2, {now, {at(Place::ext), Port(4713)}, 1, 0, false, true});
    EXPECT_TRUE(reaches(tcp(Place::ext, at(Place::pod2), kServerPort), {"pod2 kept"}, 2));
    EXPECT_FALSE(client.saw_from(now));
}

}  // namespace
}  // namespace sy::lab
