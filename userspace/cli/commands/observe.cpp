// `switchyard observe`: what the socket hooks do, one line per event.
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "backends/ebpf/observe/observer.h"
#include "cli/commands/commands.h"
#include "cli/log_sink.h"
#include "cli/observe_text.h"
#include "os/fd.h"

namespace sy {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kRenewal{1};

/// SIGINT and SIGTERM become something to wait for; a reader that goes away is noticed at the next
/// write.
Result<Fd> take_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    Fd fd(signalfd(-1, &signals, SFD_CLOEXEC));
    if (!fd) {
        return fail("wait for signals", {}, errno);
    }
    return fd;
}

class Show {
  public:
    Show(ebpf::Observer& observer, const ObserveOptions& options, Log& log)
        : observer_(observer), options_(options), log_(log) {}

    /// Until a signal, the last event that was asked for, or a failure.
    int run(int signals) {
        auto renewal = Clock::now() + kRenewal;
        while (!done_) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(renewal - Clock::now());
            std::array<pollfd, 2> fds{{{observer_.fd(), POLLIN, 0}, {signals, POLLIN, 0}}};
            poll(fds.data(), fds.size(), static_cast<int>(std::max<int64_t>(left.count(), 0)));
            observer_.drain([this](const ebpf::Observation& seen) { show(seen); });
            if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || fds[1].revents != 0) {
                break;
            }
            if (Clock::now() >= renewal) {
                renewal = Clock::now() + kRenewal;
                if (const auto renewed = observer_.renew(); !renewed) {
                    log_.error(renewed.error().message());
                    return 1;
                }
                tell_lost();
            }
        }
        tell_lost();
        return 0;
    }

  private:
    void show(const ebpf::Observation& seen) {
        if (done_ || !options_.filter.wants(seen)) {
            return;
        }
        const auto line = (options_.json ? observation_json(seen) : observation_line(seen)) + '\n';
        // That nobody reads is noticed when it is flushed.
        (void)std::fwrite(line.data(), 1, line.size(), stdout);
        ++shown_;
        done_ = shown_ == options_.count;
    }

    void tell_lost() {
        const uint64_t lost = observer_.lost();
        if (lost > told_) {
            log_.warning(fmt::format("{} events came too fast and are not shown", lost - told_));
            told_ = lost;
        }
    }

    ebpf::Observer& observer_;
    const ObserveOptions& options_;
    Log& log_;
    uint64_t shown_ = 0;
    uint64_t told_ = 0;
    bool done_ = false;
};

}  // namespace

int observe(const ObserveOptions& options) {
    const auto log = make_log(options.log);
    const auto signals = take_signals();
    if (!signals) {
        log->error(signals.error().message());
        return 1;
    }
    const auto observer =
        ebpf::make_observer({.bpf_root = options.bpf_root, .cgroup_root = options.cgroup_root});
    if (!observer) {
        log->error(observer.error().message());
        return 1;
    }
    return Show(**observer, options, *log).run(signals->get());
}

}  // namespace sy
