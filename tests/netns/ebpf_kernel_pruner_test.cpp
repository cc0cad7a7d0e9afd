// Which UDP sockets are ended when an endpoint goes, and which are not.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "backends/ebpf/kernel/socket_reaper.h"
#include "ebpf_kernel_lab.h"
#include "os/netns.h"
#include "os/sock_diag.h"
#include "tests/support/socket_address.h"

namespace sy::ebpf {
namespace {

using testing::HasSubstr;

const EndpointAddr kVip4 = address("10.96.0.1", 53);
const EndpointAddr kOtherVip4 = address("10.96.0.2", 53);
const EndpointAddr kVip6 = address("fd00:96::1", 53);
const EndpointAddr kGone4 = address("127.0.0.1", 1053);
const EndpointAddr kOther4 = address("127.0.0.1", 2053);
const EndpointAddr kGone6 = address("::1", 1053);

/// A process that is in a namespace and does nothing.
class Resident {
  public:
    explicit Resident(const lab::NetNs& ns) {
        const lab::Entered inside(ns);
        pid_ = fork();
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;) {
                pause();
            }
        }
    }
    Resident(const Resident&) = delete;
    Resident& operator=(const Resident&) = delete;
    ~Resident() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }

  private:
    pid_t pid_ = -1;
};

Fd udp(const lab::NetNs& ns, int domain) {
    const lab::Entered inside(ns);
    return Fd(socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

/// As IPv6 sockets name an IPv4 address.
lab::SocketAddress mapped(const EndpointAddr& to) {
    return lab::SocketAddress(
        IpAddr::from_bytes(std::array<uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
                                                   to.ip.bytes()[0], to.ip.bytes()[1],
                                                   to.ip.bytes()[2], to.ip.bytes()[3]})
            .value(),
        to.port);
}

Fd connected(const lab::NetNs& ns, const EndpointAddr& to, bool as_mapped = false) {
    Fd client = udp(ns, as_mapped ? AF_INET6 : lab::domain(to.ip.family()));
    const lab::SocketAddress peer = as_mapped ? mapped(to) : lab::SocketAddress(to.ip, to.port);
    EXPECT_EQ(::connect(client.get(), peer.get(), peer.size), 0) << errno;
    return client;
}

bool is_connected(const Fd& client) {
    lab::SocketAddress peer;
    return getpeername(client.get(), peer.get(), &peer.size) == 0;
}

/// One socket of each kind in a namespace.
struct Crowd {
    explicit Crowd(const lab::NetNs& ns)
        : v4(connected(ns, kVip4)),
          v4_mapped(connected(ns, kVip4, true)),
          v6(connected(ns, kVip6)),
          other(connected(ns, kOtherVip4)),
          direct4(connected(ns, kGone4)),
          direct6(connected(ns, kGone6)),
          unconnected(udp(ns, AF_INET)) {
        const lab::SocketAddress vip(kVip4.ip, kVip4.port);
        EXPECT_EQ(sendto(unconnected.get(), "x", 1, 0, vip.get(), vip.size), 1);
    }
    void expect_only_stale_ones_ended() const {
        EXPECT_FALSE(is_connected(v4));
        EXPECT_FALSE(is_connected(v4_mapped));
        EXPECT_FALSE(is_connected(v6));
        expect_others_untouched();
    }
    void expect_all_untouched() const {
        EXPECT_TRUE(is_connected(v4));
        EXPECT_TRUE(is_connected(v4_mapped));
        EXPECT_TRUE(is_connected(v6));
        expect_others_untouched();
    }
    void expect_others_untouched() const {
        EXPECT_TRUE(is_connected(other));
        EXPECT_TRUE(is_connected(direct4));
        EXPECT_TRUE(is_connected(direct6));
        int error = 0;
        socklen_t size = sizeof error;
        EXPECT_EQ(getsockopt(unconnected.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
        EXPECT_EQ(error, 0);
    }

    Fd v4, v4_mapped, v6, other, direct4, direct6, unconnected;
};

class EbpfPruner : public EbpfKernel {
  protected:
    EbpfPruner() : maps(create()) {
        program(*maps, kVip4, kGone4, Protocol::udp, 1);
        program(*maps, kOtherVip4, kOther4, Protocol::udp, 2);
        program(*maps, kVip6, kGone6, Protocol::udp, 3);
        activate(*maps);
    }
    SocketPruner::Report prune() {
        return must(pruner->prune([](const EndpointAddr& to, const EndpointAddr& answering) {
            return (to == kVip4 && answering == kGone4) || (to == kVip6 && answering == kGone6);
        }));
    }

    std::unique_ptr<MapSet> maps;
    std::unique_ptr<SocketPruner> pruner = make_socket_pruner(settings, log);
};

lab::NetNs another() {
    lab::NetNs ns = must(lab::NetNs::create());
    must(lab::must_run_in(ns, {"ip", "link", "set", "lo", "up"}));
    return ns;
}

TEST_F(EbpfPruner, EndsStaleSocketsInEveryNamespace) {
    const lab::NetNs pod = another();
    const Resident first(ns);
    const Resident second(pod);
    const Crowd node_sockets(ns);
    const Crowd pod_sockets(pod);
    const auto report = prune();
    EXPECT_EQ(report.seen, 8U);
    EXPECT_EQ(report.ended_ipv4, 4U);
    EXPECT_EQ(report.ended_ipv6, 2U);
    node_sockets.expect_only_stale_ones_ended();
    pod_sockets.expect_only_stale_ones_ended();
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(prune().seen, 2U);
}

TEST_F(EbpfPruner, ASocketThatWasEndedConnectsAgain) {
    const Resident first(ns);
    const Fd client = connected(ns, kVip4);
    prune();
    ASSERT_FALSE(is_connected(client));
    const lab::SocketAddress vip(kOtherVip4.ip, kOtherVip4.port);
    int error = 0;
    socklen_t size = sizeof error;
    EXPECT_EQ(getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
    EXPECT_EQ(error, ECONNABORTED);
    const lab::Entered inside(ns);
    EXPECT_EQ(::connect(client.get(), vip.get(), vip.size), 0);
    EXPECT_EQ(prune().ended_ipv4, 0U);
}

TEST_F(EbpfPruner, FindsNamespacesWithoutAProcessByTheirMounts) {
    const lab::NetNs pod = another();
    const Crowd sockets(pod);
    // In the mount namespace of this program only.
    ASSERT_EQ(mount("run", "/run", "tmpfs", 0, nullptr), 0);
    std::filesystem::create_directories("/run/netns");
    const Fd file(::open("/run/netns/pod", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    EXPECT_EQ(mount(pod.path().c_str(), "/run/netns/pod", nullptr, MS_BIND, nullptr), 0);
    EXPECT_EQ(prune().ended_ipv4, 2U);
    umount2("/run", MNT_DETACH);
    sockets.expect_only_stale_ones_ended();
}

TEST_F(EbpfPruner, NamespacesThatCannotBeFoundAreToldOnce) {
    const lab::NetNs pod = another();
    const Crowd sockets(pod);
    for (int i = 0; i < 2; ++i) {
        const auto report = prune();
        EXPECT_EQ(report.seen, 4U);
        EXPECT_EQ(report.ended_ipv4 + report.ended_ipv6, 0U);
    }
    sockets.expect_all_untouched();
    EXPECT_THAT(log.text(), HasSubstr("was not found in /proc or /run/netns"));
    EXPECT_EQ(std::ranges::count(log.text(), '\n'), 1);
}

TEST_F(EbpfPruner, WithoutMapsThereIsNothingToDo) {
    must(kernel->remove_all());
    EXPECT_EQ(prune().seen, 0U);
    settings.bpf_root = "/no/such/folder";
    pruner = make_socket_pruner(settings, log);
    EXPECT_EQ(prune().seen, 0U);
}

TEST_F(EbpfPruner, GoesOnWithTheMapsOfTheNextSet) {
    const Resident first(ns);
    const Crowd sockets(ns);
    EXPECT_EQ(must(pruner->prune([](const auto&, const auto&) { return false; })).seen, 4U);
    sockets.expect_all_untouched();
    const auto next = create_larger(*maps);
    activate(*next);
    EXPECT_EQ(prune().ended_ipv4, 2U);
    sockets.expect_only_stale_ones_ended();
}

TEST_F(EbpfPruner, ALaterSocketWithTheSameAddressesIsSpared) {
    const Resident first(ns);
    const Fd client = connected(ns, kGone4);
    UdpSocket socket{lab::local_end(client.get()), kGone4, false, 0, 0};
    socklen_t size = sizeof socket.cookie;
    ASSERT_EQ(getsockopt(client.get(), SOL_SOCKET, SO_COOKIE, &socket.cookie, &size), 0);
    ++socket.cookie;
    const lab::Entered inside(ns);
    SocketDestroyer destroyer = must(SocketDestroyer::open());
    EXPECT_FALSE(must(destroyer.destroy(socket)));
    EXPECT_TRUE(is_connected(client));
    --socket.cookie;
    EXPECT_TRUE(must(destroyer.destroy(socket)));
    EXPECT_FALSE(is_connected(client));
    EXPECT_FALSE(must(destroyer.destroy(socket)));
}

// How sockets are ended where the kernel does not know SOCK_DESTROY.
TEST_F(EbpfPruner, TheReaperEndsSocketsOfItsNamespaceByCookie) {
    auto reaper = SocketReaper::load(log);
    if (!reaper) {
        GTEST_SKIP() << "needs Linux 6.5: " << reaper.error().message();
    }
    const lab::NetNs pod = another();
    const Crowd node_sockets(ns);
    const Crowd pod_sockets(pod);
    std::vector<uint64_t> cookies;
    for (const auto* crowd : {&node_sockets, &pod_sockets}) {
        for (const auto* client : {&crowd->v4, &crowd->v4_mapped, &crowd->v6}) {
            uint64_t cookie = 0;
            socklen_t size = sizeof cookie;
            ASSERT_EQ(getsockopt(client->get(), SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
            cookies.push_back(cookie);
        }
    }
    const lab::Entered inside(ns);
    EXPECT_EQ(must(reaper->end(cookies)).size(), 3U);
    node_sockets.expect_only_stale_ones_ended();
    pod_sockets.expect_all_untouched();
    EXPECT_EQ(must(reaper->end(cookies)).size(), 0U);
}

}  // namespace
}  // namespace sy::ebpf
