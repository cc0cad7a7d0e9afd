// Services without endpoints, and what is left to the packet path.
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/bpf/hooks_fixture.h"
#include "tests/support/socket_address.h"

namespace sy::bpf_test {
namespace {

using testing::AnyOf;

class Refuse : public SocketTest {
  protected:
    /// The kernel was asked to reach the VIP itself.
    void expect_left_alone(Client tcp) {
        EXPECT_THAT(tcp.connect_at_once(vip(1)), AnyOf(0, EINPROGRESS));
    }
};

INSTANTIATE_TEST_SUITE_P(Sockets, Refuse,
                         testing::Combine(testing::ValuesIn(kFlavors),
                                          testing::Values(Place::node, Place::pod1)),
                         name_of);

TEST_P(Refuse, TcpAtOnce) {
    serve(1, {}, SY_SERVICE_REJECT);
    EXPECT_EQ(client(Protocol::tcp).connect(vip(1)), ECONNREFUSED);
    EXPECT_EQ(client(Protocol::tcp).connect_at_once(vip(1)), ECONNREFUSED);
    EXPECT_EQ(statistic(SY_STAT_REFUSED), 2);
    const sy_counters counters = maps().counters(id_of(1, Protocol::tcp));
    EXPECT_EQ(counters.refusals, 2);
    EXPECT_EQ(counters.connections, 0);
}

TEST_P(Refuse, TcpSocketConnectsOnceThereAreEndpoints) {
    serve(1, {}, SY_SERVICE_REJECT);
    Client tcp = client(Protocol::tcp);
    EXPECT_EQ(tcp.connect(vip(1)), ECONNREFUSED);
    change(1, Protocol::tcp, {Place::pod2});
    EXPECT_EQ(tcp.connect(vip(1)), 0);
    EXPECT_TRUE(tcp.receive());
}

TEST_P(Refuse, DatagramsAtOnce) {
    serve(1, {}, SY_SERVICE_REJECT);
    Client udp = client(Protocol::udp);
    EXPECT_EQ(udp.send_to(vip(1)), ECONNREFUSED);
    EXPECT_EQ(udp.send_to(vip(1)), ECONNREFUSED);
    EXPECT_EQ(maps().counters(id_of(1, Protocol::udp)).refusals, 2);
    change(1, Protocol::udp, {Place::pod2});
    const std::optional<Reply> reply = udp.ask(vip(1));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->from, vip(1));
}

TEST_P(Refuse, NeverAConnectOfUdp) {
    serve(1, {}, SY_SERVICE_REJECT);
    Client udp = client(Protocol::udp);
    EXPECT_EQ(udp.connect(vip(1)), 0);
    EXPECT_EQ(udp.peer(), vip(1));
    EXPECT_EQ(statistic(SY_STAT_EMPTY), 1);
    EXPECT_EQ(statistic(SY_STAT_REFUSED), 0);
    EXPECT_EQ(maps().counters(id_of(1, Protocol::udp)).refusals, 0);
}

TEST_P(Refuse, NothingWithoutTheFlag) {
    serve(1, {});
    expect_left_alone(client(Protocol::tcp));
    EXPECT_EQ(client(Protocol::udp).connect(vip(1)), 0);
    EXPECT_EQ(client(Protocol::udp).send_to(vip(1)), 0);
    EXPECT_EQ(statistic(SY_STAT_EMPTY), 3);
}

// Linux before 5.18 has no error to choose: the packet path refuses.
TEST_P(Refuse, NothingWhereTheErrorCannotBeChosen) {
    hooks_ = Hooks::attach(false);
    ASSERT_TRUE(hooks_) << loader_log();
    serve(1, {}, SY_SERVICE_REJECT);
    expect_left_alone(client(Protocol::tcp));
    EXPECT_EQ(client(Protocol::udp).send_to(vip(1)), 0);
    EXPECT_EQ(statistic(SY_STAT_EMPTY), 2);
    EXPECT_EQ(statistic(SY_STAT_REFUSED), 0);
}

TEST_P(Refuse, NothingThatWasConnectedBefore) {
    serve(1, {Place::pod2});
    Client tcp = client(Protocol::tcp);
    ASSERT_EQ(tcp.connect(vip(1)), 0);
    change(1, Protocol::tcp, {}, SY_SERVICE_REJECT);
    EXPECT_EQ(tcp.send(), 0);
    EXPECT_TRUE(tcp.receive());
}

// Socket storage counts against net.core.optmem_max. Without it UDP cannot work, TCP can.
TEST_P(Refuse, UdpIsLeftToThePacketPathWithoutMemoryForItsStorage) {
    serve(1, {Place::pod2});
    configure(SY_SETTING_PEERNAME);
    const lab::NetNs& ns = lab::shared_lab()->at(place());
    const Result<void> limited = lab::set_sysctl(ns, "net/core/optmem_max", "1");
    if (!limited && limited.error().code == ENOENT) {
        GTEST_SKIP() << "net.core.optmem_max is the whole machine's before Linux 6.8";
    }
    ASSERT_TRUE(limited) << limited.error().message();
    Client connected = client(Protocol::udp);
    EXPECT_EQ(connected.connect(vip(1)), 0);
    EXPECT_EQ(client(Protocol::udp).send_to(vip(1)), 0);
    EXPECT_EQ(statistic(SY_STAT_NO_STORAGE), 2);
    EXPECT_EQ(statistic(SY_STAT_HIT), 0);
    Client tcp = client(Protocol::tcp);
    EXPECT_EQ(tcp.connect(vip(1)), 0);
    EXPECT_EQ(tcp.peer(), server(Place::pod2)) << "nothing to remember the VIP in";
    EXPECT_EQ(statistic(SY_STAT_NO_STORAGE), 3);
    EXPECT_EQ(statistic(SY_STAT_HIT), 1);
    ASSERT_TRUE(lab::set_sysctl(ns, "net/core/optmem_max", "131072"));
}

class OtherProtocols : public HooksTest {};

TEST_F(OtherProtocols, AreLeftAlone) {
    serve(1, {}, SY_SERVICE_REJECT);
    const lab::Entered inside(lab::shared_lab()->at(Place::node));
    const lab::SocketAddress to(vip(1).ip, vip(1).port);
    int tried = 0;
    for (const auto& [type, protocol] : {std::pair{SOCK_STREAM, 132 /* SCTP */},
                                         {SOCK_DGRAM, 136 /* UDP-Lite */},
                                         {SOCK_DGRAM, 1 /* ping */},
                                         {SOCK_RAW, 132}}) {
        const Fd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
        if (fd) {
            ++tried;
            const int error = ::connect(fd.get(), to.get(), to.size) == 0 ? 0 : errno;
            EXPECT_THAT(error, AnyOf(0, EINPROGRESS)) << "protocol " << protocol;
        }
    }
    EXPECT_GT(tried, 0);
    EXPECT_EQ(statistic(SY_STAT_REFUSED), 0);
}

// The hooks see the TCP connections MPTCP is made of.
TEST_F(OtherProtocols, MptcpIsTranslatedOrLeftAlone) {
    serve(1, {Place::pod2});
    const lab::Entered inside(lab::shared_lab()->at(Place::node));
    const lab::SocketAddress to(vip(1).ip, vip(1).port);
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 262));
    if (!fd) {
        GTEST_SKIP() << "this kernel has no MPTCP";
    }
    const int error = ::connect(fd.get(), to.get(), to.size) == 0 ? 0 : errno;
    EXPECT_THAT(error, AnyOf(0, EINPROGRESS));
    if (statistic(SY_STAT_HIT) == 1) {
        pollfd wait{.fd = fd.get(), .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&wait, 1, 15000), 1);
        std::array<char, 5> greeting{};
        EXPECT_EQ(::recv(fd.get(), greeting.data(), greeting.size(), 0), 5);
        EXPECT_EQ(std::string(greeting.data(), 5), "pod2 ");
    }
}

}  // namespace
}  // namespace sy::bpf_test
