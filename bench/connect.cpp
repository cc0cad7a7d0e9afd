// Connections through Services against direct ones, alternating in one run. Of the eBPF backend
// those of sockets in its cgroup, and beside them the packet path, which answers all others.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "backends/registry.h"
#include "bench/clients.h"
#include "bench/cluster.h"
#include "bench/harness.h"
#include "bench/loaded.h"
#include "bench/options.h"
#include "os/subprocess.h"
#include "tests/support/bpf_scope.h"

namespace sy::bench {
namespace {

constexpr uint32_t kEndpoints = 3;
constexpr uint32_t kConnects = 10'000;
constexpr uint32_t kTargets = 4096;
constexpr int kRounds = 9;

/// Where clients go.
struct Targets {
    EndpointAddr endpoint;
    std::vector<EndpointAddr> endpoints;
    EndpointAddr vip;
    std::vector<EndpointAddr> vips;
    EndpointAddr udp_vip;

    explicit Targets(uint32_t services) {
        Symbols symbols;
        uint32_t random = 1;
        for (uint32_t n = 0; n < kTargets; ++n) {
            random = random * 1664525U + 1013904223U;  // Numerical Recipes' generator
            const uint32_t i = (random >> 8) % services;
            const auto slice = make_slice(symbols, i, kEndpoints);
            endpoints.push_back({slice.endpoints[n % kEndpoints].address, kServed});
            vips.push_back({*make_service(i).cluster_ip, Port(80)});
        }
        endpoint = endpoints.front();
        vip = vips.front();
        udp_vip = {kUdpService, Port(80)};
    }
};

/// What one client measures: ratios are to the direct series of the same round.
struct Figures {
    double direct_p50 = 0;
    double direct_p99 = 0;
    double direct_rate = 0;
    double hot_p50 = 0;
    double spread_p50 = 0;
    double spread_p99 = 0;
    double spread_rate = 0;
    double hot_ratio = 0;
    double spread_ratio = 0;
    double traffic_ratio = 0;
    double udp_ratio = 0;
    double udp_connected_ratio = 0;
};

Figures one_round(const EchoServer& server, const Targets& targets) {
    Figures figures;
    const auto one = [](const EndpointAddr& target) { return std::span(&target, 1); };
    const Series direct = connects(server, one(targets.endpoint), kConnects);
    const Series hot = connects(server, one(targets.vip), kConnects);
    const Series direct_spread = connects(server, targets.endpoints, kConnects);
    const Series spread = connects(server, targets.vips, kConnects);
    figures.direct_p50 = direct_spread.p50;
    figures.direct_p99 = direct_spread.p99;
    figures.direct_rate = direct_spread.per_second;
    figures.hot_p50 = hot.p50;
    figures.spread_p50 = spread.p50;
    figures.spread_p99 = spread.p99;
    figures.spread_rate = spread.per_second;
    figures.hot_ratio = hot.p50 / direct.p50;
    figures.spread_ratio = spread.p50 / direct_spread.p50;
    figures.traffic_ratio =
        round_trips(targets.vip, kConnects).p50 / round_trips(targets.endpoint, kConnects).p50;
    figures.udp_ratio = datagrams(one(targets.udp_vip), kConnects).p50 /
                        datagrams(one(targets.endpoint), kConnects).p50;
    figures.udp_connected_ratio = connected_datagrams(targets.udp_vip, kConnects).p50 /
                                  connected_datagrams(targets.endpoint, kConnects).p50;
    return figures;
}

constexpr std::array kFigures{
    &Figures::direct_p50,    &Figures::direct_p99, &Figures::direct_rate,
    &Figures::hot_p50,       &Figures::spread_p50, &Figures::spread_p99,
    &Figures::spread_rate,   &Figures::hot_ratio,  &Figures::spread_ratio,
    &Figures::traffic_ratio, &Figures::udp_ratio,  &Figures::udp_connected_ratio};

Figures medians(const EchoServer& server, const Targets& targets) {
    std::vector<Figures> rounds;
    rounds.reserve(kRounds);
    (void)one_round(server, targets);  // warms the caches up
    for (int i = 0; i < kRounds; ++i) {
        rounds.push_back(one_round(server, targets));
    }
    Figures median;
    for (const auto figure : kFigures) {
        std::ranges::sort(rounds, {}, figure);
        median.*figure = rounds[rounds.size() / 2].*figure;
    }
    return median;
}

void make_network() {
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        give_up("no namespaces of its own: run as root");
    }
    // Every address of an endpoint is this machine; VIPs are not, but have a route.
    const std::vector<std::vector<std::string>> commands{
        {"ip", "link", "set", "lo", "up"},
        {"ip", "route", "add", "local", "10.128.0.0/9", "dev", "lo"},
        {"ip", "address", "add", "10.1.0.1/32", "dev", "lo"},
        {"ip", "route", "add", "default", "dev", "lo", "src", "10.1.0.1"}};
    for (const auto& argv : commands) {
        if (const auto done = run_program({.argv = argv}); !done || done->status != 0) {
            give_up("ip " + argv[1] + " " + argv[2] + " failed");
        }
    }
}

int measure(const Options& options, uint32_t services) {
    make_network();
    const auto scope = lab::BpfScope::create();
    if (!scope) {
        give_up(scope.error().message());
    }
    BackendSettings settings = options.settings();
    settings.ebpf.bpf_root = (scope->folder() / "switchyard").string();
    settings.ebpf.cgroup_root = scope->cgroup().string();
    const Loaded loaded(options.entry(), settings, services, kEndpoints);
    const EchoServer server;
    const Targets targets(services);
    const auto show = [&](const char* path, const std::optional<Figures>& measured) {
        if (!measured) {
            return false;
        }
        const Figures& f = *measured;
        std::printf(
            "%9u %-12s | %6.2f %6.2f %8.0f | %6.2f %5.2f | %6.2f %6.2f %8.0f %5.2f | %5.2f | "
            "%5.2f %5.2f\n",
            services, path, f.direct_p50, f.direct_p99, f.direct_rate, f.hot_p50, f.hot_ratio,
            f.spread_p50, f.spread_p99, f.spread_rate, f.spread_ratio, f.traffic_ratio, f.udp_ratio,
            f.udp_connected_ratio);
        return true;
    };
    if (options.mode == "ebpf") {
        const auto in_cgroup = [&] {
            if (const auto joined = scope->join(); !joined) {
                give_up(joined.error().message());
            }
            return medians(server, targets);
        };
        if (!show("sockets", apart(in_cgroup))) {
            return 1;
        }
    }
    return show("packet path", apart([&] { return medians(server, targets); })) ? 0 : 1;
}

int run(const Options& options) {
    std::printf(
        "connect, mode %s, %u endpoints per Service, medians of %d rounds of %u; microseconds, "
        "connects per second, ratios to direct\n",
        options.mode.c_str(), kEndpoints, kRounds, kConnects);
    std::printf("%9s %-12s | %22s | %12s | %28s | %5s | %11s\n", "Services", "",
                "direct p50 p99 rate", "one VIP p50", "many VIPs p50 p99 rate", "rtt",
                "UDP, connd.");
    for (const auto services : options.services) {
        std::fflush(stdout);
        // In a process of its own, which changes its namespaces.
        const auto status = apart([&] {
            const int failed = measure(options, services);
            std::fflush(stdout);
            return failed;
        });
        if (status != 0) {
            return 1;
        }
    }
    return 0;
}

}  // namespace
}  // namespace sy::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = sy::bench::read_options(
        "bench connect", {.services = {1, 1000, 30'000, 100'000}, .mode = "ebpf"}, argc, argv);
    return options ? sy::bench::run(*options) : options.error();
}
