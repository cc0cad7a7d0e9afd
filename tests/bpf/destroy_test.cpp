// Ending sockets by bpf_sock_destroy.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/socket.h>

#include "switchyard_bpf_destroy.skel.h"
#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

struct Free {
    void operator()(switchyard_bpf_destroy* skeleton) const {
        switchyard_bpf_destroy__destroy(skeleton);
    }
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

uint64_t cookie_of_socket(const Client& client) {
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    EXPECT_EQ(::getsockopt(client.fd(), SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
    return cookie;
}

class DestroySockets : public SocketTest {
  protected:
    void SetUp() override {
        SocketTest::SetUp();
        skeleton_.reset(switchyard_bpf_destroy__open_and_load());
        if (!skeleton_) {
            GTEST_SKIP() << "needs Linux 6.5: " << loader_log();
        }
        link_.reset(bpf_program__attach_iter(skeleton_->progs.sy_destroy_sockets, nullptr));
        ASSERT_TRUE(link_) << loader_log();
        serve(1, {Place::pod2});
    }

    void doom(const Client& client) {
        const uint64_t cookie = cookie_of_socket(client);
        const uint32_t present = 1;
        ASSERT_EQ(
            bpf_map_update_elem(bpf_map__fd(skeleton_->maps.doomed), &cookie, &present, BPF_ANY),
            0);
    }
    /// Cookies of the sockets that were ended in the namespace.
    std::vector<uint64_t> destroy_in(Place where) {
        const lab::Entered inside(lab::shared_lab()->at(where));
        const Fd fd(bpf_iter_create(bpf_link__fd(link_.get())));
        std::vector<uint64_t> cookies;
        for (uint64_t cookie = 0; ::read(fd.get(), &cookie, sizeof cookie) == sizeof cookie;) {
            cookies.push_back(cookie);
        }
        return cookies;
    }
    static int receive_error(const Client& client) {
        char byte = 0;
        return ::recv(client.fd(), &byte, 1, MSG_DONTWAIT) < 0 ? errno : 0;
    }

    std::unique_ptr<switchyard_bpf_destroy, Free> skeleton_;
    std::unique_ptr<bpf_link, Free> link_;
};

INSTANTIATE_TEST_SUITE_P(Sockets, DestroySockets,
                         testing::Combine(testing::ValuesIn(kFlavors),
                                          testing::Values(Place::node, Place::pod1)),
                         name_of);

TEST_P(DestroySockets, EndsTheDoomedOnesOnly) {
    Client doomed = client(Protocol::udp);
    Client spared = client(Protocol::udp);
    Client elsewhere = client_at(Place::pod2, Protocol::udp);
    for (Client* udp : {&doomed, &spared, &elsewhere}) {
        ASSERT_EQ(udp->connect(vip(1)), 0);
    }
    doom(doomed);
    doom(elsewhere);
    EXPECT_THAT(destroy_in(place()), testing::ElementsAre(cookie_of_socket(doomed)));
    EXPECT_EQ(receive_error(doomed), ECONNABORTED);
    EXPECT_EQ(receive_error(spared), EAGAIN);
    EXPECT_EQ(receive_error(elsewhere), EAGAIN);
    ASSERT_EQ(spared.send(), 0);
    EXPECT_TRUE(spared.receive());
}

TEST_P(DestroySockets, LeavesASocketThatCanBeConnectedAgain) {
    Client udp = client(Protocol::udp);
    ASSERT_EQ(udp.connect(vip(1)), 0);
    doom(udp);
    EXPECT_EQ(destroy_in(place()).size(), 1);
    EXPECT_EQ(udp.send(), EDESTADDRREQ);
    EXPECT_EQ(receive_error(udp), ECONNABORTED) << "waits for whoever asks next but a sender";
    change(1, Protocol::udp, {Place::podr});
    ASSERT_EQ(udp.connect(vip(1)), 0);
    ASSERT_EQ(udp.send(), 0);
    const std::optional<Reply> reply = udp.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->greeting.server, "podr");
    EXPECT_EQ(reply->from, vip(1));
}

}  // namespace
}  // namespace sy::bpf_test
