#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// The kernel's header needs what comes before.
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>

#include "backends/iptables/kernel/witness.h"
#include "os/fd.h"

namespace sy::iptables {
namespace {

constexpr timespec kPeriod{.tv_sec = 2, .tv_nsec = 0};
constexpr std::array<std::string_view, 2> kTables{"nat", "filter"};

/// What changes when rules come, go or move to another place.
struct Shape {
    std::array<unsigned, NF_INET_NUMHOOKS> hooks{};
    std::array<unsigned, NF_INET_NUMHOOKS> ends{};
    unsigned entries = 0;
    unsigned size = 0;

    friend bool operator==(const Shape&, const Shape&) = default;
};
using Shapes = std::array<Shape, kTables.size() * 2>;

template <class Info>
Shape shape_of(int fd, int level, int option, std::string_view table) {
    Info info{};
    table.copy(info.name, sizeof info.name - 1);
    socklen_t size = sizeof info;
    if (getsockopt(fd, level, option, &info, &size) != 0) {
        return {};  // no such table
    }
    Shape shape{.entries = info.num_entries, .size = info.size};
    std::ranges::copy(info.hook_entry, shape.hooks.begin());
    std::ranges::copy(info.underflow, shape.ends.begin());
    return shape;
}

class LegacyWitness final : public Witness {
  public:
    LegacyWitness(Fd timer, Fd ipv4, Fd ipv6)
        : timer_(std::move(timer)), ipv4_(std::move(ipv4)), ipv6_(std::move(ipv6)) {
        known_ = look();
    }

    int fd() const override { return timer_.get(); }

    bool drained_drift() override {
        uint64_t expirations = 0;
        (void)!read(timer_.get(), &expirations, sizeof expirations);
        const std::lock_guard lock(mutex_);
        if (!writing_) {
            compare();
        }
        return std::exchange(drift_, false);
    }

    void begin() override {
        const std::lock_guard lock(mutex_);
        compare();
        writing_ = true;
    }

    void end(uint32_t) override {
        const std::lock_guard lock(mutex_);
        known_ = look();
        writing_ = false;
    }

  private:
    void compare() {
        const Shapes now = look();
        drift_ = drift_ || now != known_;
        known_ = now;
    }

    Shapes look() const {
        Shapes shapes;
        for (std::size_t i = 0; i < kTables.size(); ++i) {
            shapes[i] = shape_of<ipt_getinfo>(ipv4_.get(), SOL_IP, IPT_SO_GET_INFO, kTables[i]);
            if (ipv6_) {
                shapes[kTables.size() + i] =
                    shape_of<ip6t_getinfo>(ipv6_.get(), SOL_IPV6, IP6T_SO_GET_INFO, kTables[i]);
            }
        }
        return shapes;
    }

    Fd timer_;
    Fd ipv4_;
    Fd ipv6_;
    std::mutex mutex_;
    Shapes known_;
    bool writing_ = false;
    bool drift_ = false;
};

}  // namespace

Result<std::shared_ptr<Witness>> witness_legacy() {
    Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    const itimerspec period{.it_interval = kPeriod, .it_value = kPeriod};
    if (!timer || timerfd_settime(timer.get(), 0, &period, nullptr) != 0) {
        return fail("make a timer", {}, errno);
    }
    Fd ipv4(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    if (!ipv4) {
        return fail("open a socket to watch iptables", {}, errno);
    }
    // The kernel may be without IPv6.
    Fd ipv6(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    return std::make_shared<LegacyWitness>(std::move(timer), std::move(ipv4), std::move(ipv6));
}

}  // namespace sy::iptables
