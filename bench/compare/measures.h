// What is measured of a proxy on its stage; docs/benchmarks.md says what each figure means.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "bench/clients.h"
#include "bench/compare/prober.h"
#include "bench/compare/proxy.h"
#include "bench/compare/stage.h"

namespace sy::bench {

/// One line of the results. Units are part of the names: "p50_us", "latency_ms".
struct Measured {
    std::string metric;
    std::map<std::string, double> values{};
    std::map<std::string, std::vector<double>> samples{};
};

/// How much is done of each.
struct Effort {
    uint32_t changes = 100;
    uint32_t creations = 30;
    uint32_t burst = 1000;
    uint32_t connects = 4000;
    int connect_rounds = 5;
    double idle_seconds = 3;
    double churn_seconds = 4;
    /// No series goes on for longer than this, however slow the proxy is.
    double series_seconds = 20;
    /// How long a proxy may take to start, and to follow a change.
    double start_seconds = 600;
    double change_seconds = 60;
};

/// A proxy that has been started, and what looks at it. Errors end the program with a message.
class Session {
  public:
    Session(Stage& stage, const Contender& contender, const Effort& effort);

    /// From the start of the process until Services all over the cluster answer; once.
    Measured cold();
    /// One endpoint moves: the API server's event to the first packet at the new endpoint.
    Measured change();
    /// The same of a new Service.
    Measured create();
    /// Very many changes at once, until the last one is followed.
    Measured burst();
    /// Changes at a steady rate, and how the probes fare meanwhile.
    Measured churn(double per_second);
    Measured idle();
    /// Connections through Services against direct ones, alternating.
    Measured connect();

  private:
    /// Milliseconds until a connection follows what was done at `begin`.
    double followed(uint32_t probe, uint32_t generation, Clock::time_point begin);
    /// Moves the next probe and waits for it.
    double one_move();
    void pause();
    void must_run_on();

    Stage& stage_;
    Effort effort_;
    EchoServer server_;
    Prober prober_;
    double kernel_before_;
    Clock::time_point started_;
    Proxy proxy_;
    uint32_t moves_ = 0;
    uint32_t generation_ = 0;
    std::minstd_rand random_{1};
};

}  // namespace sy::bench
