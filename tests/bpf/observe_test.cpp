// What observers are told.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <limits>

#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();

uint64_t monotonic_now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

/// A ring buffer of its own, as `switchyard observe` has one.
class Observer {
  public:
    Observer(Maps& maps, uint32_t place)
        : map_(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "sy_observer", 0, 0, 1 << 16, nullptr)) {
        maps.observer(place, map_.get());
        ring_ = ring_buffer__new(map_.get(), keep, this, nullptr);
    }
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;
    ~Observer() { ring_buffer__free(ring_); }

    /// What came since the last call. Programs have told before the socket call returns.
    std::vector<sy_event> take() {
        EXPECT_GE(ring_buffer__consume(ring_), 0);
        return std::exchange(events_, {});
    }

  private:
    static int keep(void* self, void* data, size_t size) {
        EXPECT_EQ(size, sizeof(sy_event));
        sy_event event{};
        std::memcpy(&event, data, sizeof event);
        static_cast<Observer*>(self)->events_.push_back(event);
        return 0;
    }

    Fd map_;
    ring_buffer* ring_ = nullptr;
    std::vector<sy_event> events_;
};

class Observe : public SocketTest {
  protected:
    void SetUp() override {
        SocketTest::SetUp();
        serve(1, {Place::pod2});
    }
    void until(uint64_t time) { hooks_->configure(0, time); }

    void expect_event(const sy_event& event, Protocol protocol, sy_verdict verdict,
                      bool connected) {
        EXPECT_LE(event.time, monotonic_now());
        EXPECT_EQ(event.netns, cookie_of(place()));
        EXPECT_NE(event.cgroup, 0);
        EXPECT_EQ(event.pid, static_cast<uint32_t>(::getpid()));
        EXPECT_EQ(event.uid, ::getuid());
        EXPECT_STREQ(event.command, "bpf_programs");
        EXPECT_EQ(ip_of(event.vip, family()), vip(1).ip);
        EXPECT_EQ(event.vip_port, vip(1).port.be16());
        EXPECT_EQ(event.id, id_of(1, protocol));
        EXPECT_EQ(event.ipv6, family() == Family::ipv6 ? 1 : 0);
        EXPECT_EQ(event.protocol, static_cast<uint8_t>(protocol));
        EXPECT_EQ(event.verdict, verdict);
        EXPECT_EQ(event.connected, connected ? 1 : 0);
        const bool translated = verdict == SY_VERDICT_TRANSLATED;
        EXPECT_EQ(ip_of(event.address, family()),
                  translated ? at(Place::pod2) : unspecified(family()));
        EXPECT_EQ(event.port, translated ? lab::kServerPort.be16() : 0);
    }
};

INSTANTIATE_TEST_SUITE_P(Sockets, Observe,
                         testing::Combine(testing::ValuesIn(kFlavors),
                                          testing::Values(Place::node, Place::pod1)),
                         name_of);

TEST_P(Observe, TellsEveryConnectionOnce) {
    Observer observer(maps(), 0);
    until(kForever);
    Client tcp = client(Protocol::tcp);
    ASSERT_EQ(tcp.connect(vip(1)), 0);
    ASSERT_EQ(tcp.send(), 0);
    Client connected = client(Protocol::udp);
    ASSERT_EQ(connected.connect(vip(1)), 0);
    ASSERT_EQ(connected.send(), 0);
    Client unconnected = client(Protocol::udp);
    ASSERT_TRUE(unconnected.ask(vip(1)));
    ASSERT_TRUE(unconnected.ask(vip(1)));
    ASSERT_TRUE(unconnected.ask(server(Place::pod2)));
    const std::vector<sy_event> events = observer.take();
    ASSERT_EQ(events.size(), 3);
    expect_event(events[0], Protocol::tcp, SY_VERDICT_TRANSLATED, true);
    expect_event(events[1], Protocol::udp, SY_VERDICT_TRANSLATED, true);
    expect_event(events[2], Protocol::udp, SY_VERDICT_TRANSLATED, false);
}

TEST_P(Observe, TellsRefusals) {
    Observer observer(maps(), 0);
    until(kForever);
    change(1, Protocol::tcp, {}, SY_SERVICE_REJECT);
    change(1, Protocol::udp, {}, SY_SERVICE_REJECT);
    ASSERT_EQ(client(Protocol::tcp).connect(vip(1)), ECONNREFUSED);
    ASSERT_EQ(client(Protocol::udp).connect(vip(1)), 0);
    ASSERT_EQ(client(Protocol::udp).send_to(vip(1)), ECONNREFUSED);
    const std::vector<sy_event> events = observer.take();
    ASSERT_EQ(events.size(), 2);
    expect_event(events[0], Protocol::tcp, SY_VERDICT_REFUSED, true);
    expect_event(events[1], Protocol::udp, SY_VERDICT_REFUSED, false);
}

TEST_P(Observe, TellsAllObservers) {
    Observer first(maps(), 0);
    Observer last(maps(), SY_OBSERVERS - 1);
    until(kForever);
    ASSERT_EQ(client(Protocol::tcp).connect(vip(1)), 0);
    EXPECT_EQ(first.take().size(), 1);
    EXPECT_EQ(last.take().size(), 1);
}

TEST_P(Observe, TellsNobodyWhenTheTimeIsOver) {
    Observer observer(maps(), 0);
    for (const uint64_t time : {uint64_t{0}, uint64_t{1}, monotonic_now()}) {
        until(time);
        ASSERT_EQ(client(Protocol::tcp).connect(vip(1)), 0);
    }
    EXPECT_EQ(observer.take().size(), 0);
}

}  // namespace
}  // namespace sy::bpf_test
