// The whole daemon with an API server as its source: CPU and memory of the first lists, latency of
// single changes, and what it costs to wait. The server is this process, the daemon another one,
// both in a network namespace of their own.
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "os/netlink.h"
#include "tests/support/api_server.h"
#include "tests/support/api_server_kubeconfig.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace sy::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kChanges = 1000;
constexpr auto kIdle = std::chrono::seconds(5);
/// What is promised up to so many Services.
constexpr uint32_t kLimitAt = 30'000;
constexpr double kCpuLimit = 2;
constexpr double kMemoryLimit = 150;
constexpr double kChangeLimit = 3;

double percentile(std::vector<double> values, double p) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

/// The daemon as a child whose log is read through a pipe.
class Daemon {
  public:
    explicit Daemon(const std::string& kubeconfig) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) {
            return;
        }
        log_.reset(ends[0]);
        std::vector<std::string> argv{"setpriv",     "--pdeathsig",
                                      "KILL",        SWITCHYARD_PROGRAM,
                                      "run",         "--kubeconfig",
                                      kubeconfig,    "--hostname-override",
                                      "node",        "--conntrack-max-per-core",
                                      "0",           "--cluster-cidr",
                                      "10.128.0.0/9"};
        std::vector<char*> words;
        words.reserve(argv.size() + 1);
        for (std::string& word : argv) {
            words.push_back(word.data());
        }
        words.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        if (::posix_spawnp(&pid_, words[0], &actions, nullptr, words.data(), environ) != 0) {
            pid_ = -1;
        }
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
    }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        if (drain_.joinable()) {
            drain_.join();
        }
    }

    /// Waits for the line that says that all is in the kernel, or the daemon's end.
    bool synced() {
        std::string text;
        std::array<char, 4096> piece;
        while (text.find("synced") == std::string::npos) {
            const ssize_t size = ::read(log_.get(), piece.data(), piece.size());
            if (size <= 0) {
                std::fprintf(stderr, "%s", text.c_str());
                return false;
            }
            text.append(piece.data(), static_cast<std::size_t>(size));
        }
        // A pipe nobody reads would stop it in the end.
        drain_ = std::thread([this] {
            std::array<char, 4096> rest;
            while (::read(log_.get(), rest.data(), rest.size()) > 0) {
            }
        });
        return true;
    }

    /// CPU time of all its threads so far, in seconds.
    double cpu() const {
        clockid_t clock{};
        timespec time{};
        ::clock_getcpuclockid(pid_, &clock);
        ::clock_gettime(clock, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    }

    /// A figure of /proc/PID/status, in MB.
    double megabytes(std::string_view name) const {
        std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with(name)) {
                return std::stod(line.substr(line.find_first_of("0123456789"))) / 1024;
            }
        }
        return 0;
    }

  private:
    Fd log_;
    pid_t pid_ = -1;
    std::thread drain_;
};

/// Tells when somebody has committed to the node's nftables.
class Commits {
  public:
    Commits() : socket_(NetlinkSocket::open(NETLINK_NETFILTER)) {
        if (socket_) {
            joined_ = socket_->join(NFNLGRP_NFTABLES).has_value();
        }
    }

    explicit operator bool() const { return joined_; }
    /// Forgets what was committed so far.
    void forget() {
        for (;;) {
            const Result<std::span<const uint8_t>> got = socket_->receive(buffer_, false);
            if (got && got->empty()) {
                return;
            }
        }
    }
    /// Waits for the next end of a transaction. Lost messages do not matter.
    Clock::time_point next() {
        for (;;) {
            const Result<std::span<const uint8_t>> got = socket_->receive(buffer_, true);
            if (got && has_end(*got)) {
                return Clock::now();
            }
        }
    }

  private:
    static bool has_end(std::span<const uint8_t> bytes) {
        constexpr int kEnd = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;
        auto left = static_cast<unsigned>(bytes.size());
        const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
        for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == kEnd) {
                return true;
            }
        }
        return false;
    }

    Result<NetlinkSocket> socket_;
    bool joined_ = false;
    std::vector<uint8_t> buffer_;
};

struct Figures {
    double cpu = 0;
    double wall = 0;
    double peak = 0;
    double settled = 0;
    double change_p50 = 0;
    double change_p99 = 0;
    double change_cpu = 0;
    double idle = 0;
};

constexpr const char* kNode =
    R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"node"},"spec":{"podCIDRs":[)"
    R"("10.128.0.0/24"]},"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}]}})";
constexpr const char* kServiceCidr =
    R"({"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"kubernetes"},)"
    R"("spec":{"cidrs":["10.96.0.0/12"]}})";

void measure_changes(lab::TestApiServer& server, const lab::BulkSpec& bulk, const Daemon& daemon,
                     Figures& figures) {
    Commits commits;
    if (!commits) {
        return;
    }
    std::vector<double> times;
    times.reserve(kChanges);
    const double before = daemon.cpu();
    for (uint32_t n = 0; n < kChanges; ++n) {
        commits.forget();
        const auto begin = Clock::now();
        server.change_slice(bulk, n * 7919U % bulk.services, n + 1);
        const std::chrono::duration<double, std::milli> took = commits.next() - begin;
        times.push_back(took.count());
        // One at a time: what belongs to a change is over before the next one.
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    figures.change_cpu = (daemon.cpu() - before) * 1000 / kChanges;
    figures.change_p50 = percentile(times, 0.5);
    figures.change_p99 = percentile(times, 0.99);
}

std::optional<Figures> measure(uint32_t services, lab::WatchList mode) {
    const lab::CertificateAuthority authority;
    const lab::TempFolder files;
    lab::ApiServerOptions options;
    options.certificate = authority.server({{}, {"127.0.0.1"}});
    options.tokens = {"bench"};
    options.watch_list = mode;
    lab::TestApiServer server(options);
    lab::BulkSpec bulk;
    bulk.services = services;
    server.put(kNode);
    server.put(kServiceCidr);
    server.load(bulk);
    server.start();
    lab::Kubeconfig kubeconfig;
    kubeconfig.server = server.url();
    kubeconfig.authority = authority.certificate();
    kubeconfig.token = "bench";

    Figures figures;
    const auto begin = Clock::now();
    Daemon daemon(files.write("kubeconfig", kubeconfig.text()));
    if (!daemon.synced()) {
        return std::nullopt;
    }
    figures.cpu = daemon.cpu();
    figures.wall = std::chrono::duration<double>(Clock::now() - begin).count();
    while (server.watches("endpointslices") == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    // Chores that follow the first sync are neither changes nor idleness.
    std::this_thread::sleep_for(std::chrono::seconds(2));
    figures.peak = daemon.megabytes("VmHWM");
    figures.settled = daemon.megabytes("VmRSS");
    measure_changes(server, bulk, daemon, figures);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const double before = daemon.cpu();
    std::this_thread::sleep_for(kIdle);
    figures.idle = (daemon.cpu() - before) / std::chrono::duration<double>(kIdle).count() * 100;
    figures.peak = std::max(figures.peak, daemon.megabytes("VmHWM"));
    return figures;
}

const char* verdict(uint32_t services, const Figures& figures) {
    if (services > kLimitAt) {
        return "";
    }
    const bool kept = figures.cpu <= kCpuLimit && figures.peak <= kMemoryLimit &&
                      figures.change_p99 <= kChangeLimit;
    return kept ? "within limits" : "OVER LIMITS";
}

/// In a process and a network namespace of its own.
bool measure_apart(uint32_t services, lab::WatchList mode) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child != 0) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return status == 0;
    }
    if (::unshare(CLONE_NEWNET) != 0) {
        std::perror("unshare(CLONE_NEWNET): run as root");
        ::_exit(1);
    }
    const std::string up = "ip link set lo up && ip addr add 192.168.50.1/32 dev lo";
    if (std::system(up.c_str()) != 0) {
        ::_exit(1);
    }
    const std::optional<Figures> figures = measure(services, mode);
    if (figures) {
        std::printf("%8u %-9s | %5.2f  %5.2f | %6.0f %6.0f | %7.3f %7.3f %7.3f | %5.2f  %s\n",
                    services, mode == lab::WatchList::supported ? "WatchList" : "LIST",
                    figures->cpu, figures->wall, figures->peak, figures->settled,
                    figures->change_p50, figures->change_p99, figures->change_cpu, figures->idle,
                    verdict(services, *figures));
        std::fflush(stdout);
    }
    ::_exit(figures ? 0 : 1);
}

int run(const std::vector<uint32_t>& sizes) {
    std::printf(
        "The daemon on an API server over TLS; 3 endpoints per Service, objects of 2.5 KB.\n"
        "At 30000 Services the limits are %.0f s CPU, %.0f MB, %.0f ms at p99, idle CPU 0.\n"
        "%8s %-9s | %s | %s | %s | %s\n",
        kCpuLimit, kMemoryLimit, kChangeLimit, "Services", "source", "CPU s wall s",
        "peak, settled", "change p50, p99, CPU ms", "idle %");
    for (const uint32_t services : sizes) {
        for (const lab::WatchList mode : {lab::WatchList::supported, lab::WatchList::invalid}) {
            if (!measure_apart(services, mode)) {
                return 1;
            }
        }
    }
    return 0;
}

}  // namespace
}  // namespace sy::bench

/// bench_api [SERVICES …]
int main(int argc, char** argv) {
    std::vector<uint32_t> sizes;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        uint32_t number = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc{} || end != word.data() + word.size() || number == 0) {
            std::fprintf(stderr, "usage: bench_api [SERVICES …]\n");
            return 2;
        }
        sizes.push_back(number);
    }
    return sy::bench::run(sizes.empty() ? std::vector<uint32_t>{1000, 30'000} : sizes);
}
