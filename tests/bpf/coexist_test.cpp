// Two sets of programs on the same hooks of the same cgroup.
#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

/// `hooks_` has the Services; the other set, attached before or after it, has others.
class Coexist : public SocketTest {
  protected:
    void SetUp() override {
        SocketTest::SetUp();
        other_ = Hooks::attach();
        ASSERT_TRUE(other_) << loader_log();
    }
    /// The first to be attached is the first to run.
    void swap() { std::swap(hooks_, other_); }

    void expect_all_works() {
        serve(1, {Place::pod2});
        serve(2, {}, SY_SERVICE_REJECT);
        hooks_->configure(SY_SETTING_PEERNAME);
        Client tcp = client(Protocol::tcp);
        ASSERT_EQ(tcp.connect(vip(1)), 0);
        EXPECT_EQ(tcp.peer(), vip(1));
        EXPECT_TRUE(tcp.receive());
        Client connected = client(Protocol::udp);
        ASSERT_EQ(connected.connect(vip(1)), 0);
        ASSERT_EQ(connected.send(), 0);
        const std::optional<Reply> reply = connected.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->from, vip(1));
        Client unconnected = client(Protocol::udp);
        const std::optional<Reply> datagram = unconnected.ask(vip(1));
        ASSERT_TRUE(datagram);
        EXPECT_EQ(datagram->from, vip(1));
        EXPECT_EQ(client(Protocol::tcp).connect(vip(2)), ECONNREFUSED);
        EXPECT_EQ(client(Protocol::udp).send_to(vip(2)), ECONNREFUSED);
        EXPECT_EQ(other_->maps().statistic(SY_STAT_HIT), 0);
    }

    std::unique_ptr<Hooks> other_;
};

INSTANTIATE_TEST_SUITE_P(Sockets, Coexist,
                         testing::Combine(testing::ValuesIn(kFlavors),
                                          testing::Values(Place::node, Place::pod1)),
                         name_of);

TEST_P(Coexist, AsTheFirst) {
    expect_all_works();
}

TEST_P(Coexist, AsTheLast) {
    swap();
    expect_all_works();
}

}  // namespace
}  // namespace sy::bpf_test
