// Connections through Services against direct ones. Each figure is the median of some rounds in
// which both take turns; ratios are taken within a round.
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "bench/compare/measures.h"
#include "bench/harness.h"

namespace sy::bench {
namespace {

/// Services that connections go to, in an order of no pattern.
constexpr uint32_t kTargets = 1024;

struct Targets {
    std::vector<EndpointAddr> services;
    std::vector<EndpointAddr> endpoints;
    EndpointAddr udp_service;
    EndpointAddr udp_endpoint;

    explicit Targets(const Stage& stage)
        : udp_service(stage.udp_frontend()), udp_endpoint(stage.udp_endpoint()) {
        std::minstd_rand random(1);
        for (uint32_t n = 0; n < kTargets; ++n) {
            const auto index = static_cast<uint32_t>(random() % stage.services());
            services.push_back(stage.frontend(index));
            endpoints.push_back(stage.endpoint(index, 0));
        }
    }
};

using Values = std::map<std::string, double>;

Values one_round(const EchoServer& server, const Targets& to, uint32_t count) {
    Values round;
    const Series direct = connects(server, to.endpoints, count);
    const Series through = connects(server, to.services, count);
    round["direct_p50_us"] = direct.p50;
    round["direct_p99_us"] = direct.p99;
    round["direct_rate"] = direct.per_second;
    round["vip_p50_us"] = through.p50;
    round["vip_p99_us"] = through.p99;
    round["vip_rate"] = through.per_second;
    round["ratio"] = through.p50 / direct.p50;
    round["rate_ratio"] = through.per_second / direct.per_second;

    const auto ratio = [&](const std::string& name, double through_it, double directly) {
        round[name + "_vip_us"] = through_it;
        round[name + "_direct_us"] = directly;
        round[name + "_ratio"] = through_it / directly;
    };
    const double direct_request = round_trips(to.endpoints.front(), count).p50;
    ratio("request", round_trips(to.services.front(), count).p50, direct_request);
    const double direct_datagram = datagrams(std::span(&to.udp_endpoint, 1), count).p50;
    ratio("udp", datagrams(std::span(&to.udp_service, 1), count).p50, direct_datagram);
    const double direct_bulk = bulk(to.endpoints.front(), count / 8);
    const double bulk_through = bulk(to.services.front(), count / 8);
    round["bulk_direct_mb_s"] = direct_bulk;
    round["bulk_vip_mb_s"] = bulk_through;
    round["bulk_ratio"] = bulk_through / direct_bulk;
    return round;
}

}  // namespace

Measured Session::connect() {
    const Targets targets(stage_);
    std::map<std::string, std::vector<double>> rounds;
    for (int i = 0; i <= effort_.connect_rounds; ++i) {
        const auto round = one_round(server_, targets, effort_.connects);
        if (i == 0) {
            continue;  // warms the caches up
        }
        for (const auto& [name, value] : round) {
            rounds[name].push_back(value);
        }
    }
    must_run_on();
    Measured connect{.metric = "connect"};
    for (const auto& [name, values] : rounds) {
        connect.values[name] = percentile(values, 0.5);
    }
    return connect;
}

}  // namespace sy::bench
