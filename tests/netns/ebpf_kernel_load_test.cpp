// Exchanges of programs and maps while sockets connect: nobody notices.
#include <gmock/gmock.h>

#include <atomic>

#include "backends/ebpf/kernel/attachment.h"
#include "backends/ebpf/kernel/cgroup.h"
#include "backends/ebpf/kernel/object.h"
#include "ebpf_kernel_lab.h"

namespace sy::ebpf {
namespace {

const EndpointAddr kVip = address("10.96.0.1", 80);

class EbpfLoad : public EbpfKernel {
  protected:
    ~EbpfLoad() override { stop(); }

    void start() {
        for (int i = 0; i < 2; ++i) {
            clients_.emplace_back([this] {
                while (!stopped_) {
                    const auto answer = connect(kVip);
                    ++connects_;
                    if (!answer || *answer != server.address().port) {
                        ++failures_;
                    }
                }
            });
        }
        settle();
    }
    /// Returns after some more connects.
    void settle() const {
        const uint64_t before = connects_;
        while (connects_ < before + 200) {
            std::this_thread::yield();
        }
    }
    void stop() {
        stopped_ = true;
        for (std::thread& client : clients_) {
            client.join();
        }
        clients_.clear();
    }
    uint64_t failures() const { return failures_; }

    Server server{ns, Family::ipv4};

  private:
    std::vector<std::thread> clients_;
    std::atomic<bool> stopped_ = false;
    std::atomic<uint64_t> connects_ = 0;
    std::atomic<uint64_t> failures_ = 0;
};

TEST_F(EbpfLoad, GrowthAgainAndAgain) {
    auto maps = create();
    program(*maps, kVip, server.address());
    activate(*maps);
    start();
    for (int i = 0; i < 5; ++i) {
        auto next = create_larger(*maps);
        program(*next, kVip, server.address());
        activate(*next);
        maps = std::move(next);
        settle();
    }
    stop();
    EXPECT_EQ(failures(), 0U);
    EXPECT_EQ(attached_to(scope.cgroup()), 8U);
}

TEST_F(EbpfLoad, AllMapsAnew) {
    auto maps = create();
    program(*maps, kVip, server.address());
    activate(*maps);
    start();
    for (int i = 0; i < 3; ++i) {
        auto next = create();
        program(*next, kVip, server.address());
        activate(*next);
        maps = std::move(next);
        settle();
    }
    stop();
    EXPECT_EQ(failures(), 0U);
}

TEST_F(EbpfLoad, LinkUpdates) {
    const auto maps = create();
    program(*maps, kVip, server.address());
    activate(*maps);
    auto& set = dynamic_cast<PinnedSet&>(*maps);
    const Programs one = must(load_programs(set.maps(), true, log));
    const Programs other = must(load_programs(set.maps(), false, log));
    const Pins folder(settings.bpf_root);
    const auto cgroup = must(Cgroup::open(scope.cgroup()));
    start();
    for (int i = 0; i < 1000; ++i) {
        must(attach(folder, cgroup, i % 2 == 0 ? one : other));
    }
    settle();
    stop();
    EXPECT_EQ(failures(), 0U);
}

TEST_F(EbpfLoad, RestartsOfTheDaemon) {
    {
        const auto maps = create();
        program(*maps, kVip, server.address());
        activate(*maps);
    }
    start();
    for (int i = 0; i < 5; ++i) {
        kernel.reset();
        settle();
        kernel = open();
        const auto maps = find();
        ASSERT_NE(maps, nullptr);
        activate(*maps);
        settle();
    }
    stop();
    EXPECT_EQ(failures(), 0U);
}

}  // namespace
}  // namespace sy::ebpf
