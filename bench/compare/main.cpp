// Measures one proxy once, at one size of the cluster, and writes what it found as JSON Lines:
// bench/compare.py runs it again and again. Everything is gone afterwards.
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "bench/compare/floors.h"
#include "bench/compare/measures.h"
#include "bench/compare/stage.h"
#include "bench/harness.h"
#include "tests/support/bpf_scope.h"
#include "tests/support/temp_folder.h"

namespace sy::bench {
namespace {

void write(const Measured& measured) {
    boost::json::object line;
    line["metric"] = measured.metric;
    boost::json::object values;
    for (const auto& [name, value] : measured.values) {
        values[name] = value;
    }
    line["values"] = std::move(values);
    if (!measured.samples.empty()) {
        boost::json::object samples;
        for (const auto& [name, numbers] : measured.samples) {
            samples[name] = boost::json::array(numbers.begin(), numbers.end());
        }
        line["samples"] = std::move(samples);
    }
    std::cout << boost::json::serialize(line) << std::endl;
}

struct Wanted {
    Contender contender{};
    lab::BulkSpec cluster{};
    std::vector<double> churn{};
    std::vector<std::string> metrics{};
    Effort effort{};
};

void measure(const Wanted& wanted, const Props& props) {
    if (wanted.contender.mode == "floor") {
        write(floors(wanted.cluster.services, wanted.cluster.endpoints));
        return;
    }
    Stage stage(props, wanted.cluster);
    Session session(stage, wanted.contender, wanted.effort);
    write(session.cold());
    const std::map<std::string, std::function<void()>> series{
        {"change", [&] { write(session.change()); }},
        {"create", [&] { write(session.create()); }},
        {"burst", [&] { write(session.burst()); }},
        {"churn",
         [&] {
             for (const double rate : wanted.churn) {
                 write(session.churn(rate));
             }
         }},
        {"idle", [&] { write(session.idle()); }},
        {"connect", [&] { write(session.connect()); }}};
    for (const auto& metric : wanted.metrics) {
        series.at(metric)();
    }
}

/// The bpffs has to be made where the child's copy of the mounts is taken from, and nowhere else.
void hide_mounts() {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        give_up("no mounts of its own: run as root");
    }
}

/// Measures in a process of its own, which is ended with us, and cleans up behind it.
int supervise(const Wanted& wanted) {
    hide_mounts();
    const lab::TempFolder files;
    const auto scope = lab::BpfScope::create();
    if (!scope) {
        give_up(scope.error().message());
    }
    sigset_t ends;
    sigemptyset(&ends);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
        sigaddset(&ends, signal);
    }
    ::sigprocmask(SIG_BLOCK, &ends, nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::sigprocmask(SIG_UNBLOCK, &ends, nullptr);
        measure(wanted, {files, *scope});
        std::_Exit(0);
    }
    int signal = 0;
    ::sigwait(&ends, &signal);
    if (signal != SIGCHLD) {
        ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (signal != SIGCHLD) {
        return 128 + signal;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace
}  // namespace sy::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    sy::bench::Wanted wanted;
    CLI::App app("Measures one proxy once.", "bench_compare");
    app.add_option("--program", wanted.contender.program, "switchyard or a peer");
    app.add_option("--mode", wanted.contender.mode, "mode of its configuration; \"floor\": none")
        ->required();
    app.add_option("--flag", wanted.contender.flags, "one more of its flags")
        ->allow_extra_args(false);
    app.add_option("--services", wanted.cluster.services)->check(CLI::PositiveNumber);
    app.add_option("--endpoints", wanted.cluster.endpoints)->check(CLI::PositiveNumber);
    app.add_option("--shape", wanted.cluster.shape)
        ->transform(CLI::Transformer(std::map<std::string, sy::lab::BulkShape>{
            {"uniform", sy::lab::BulkShape::uniform},
            {"skewed", sy::lab::BulkShape::skewed},
            {"huge", sy::lab::BulkShape::huge},
            {"dual-stack", sy::lab::BulkShape::dual_stack},
            {"node-ports", sy::lab::BulkShape::node_ports}}));
    app.add_option("--churn", wanted.churn, "changes per second")->check(CLI::PositiveNumber);
    app.add_option("--metric", wanted.metrics, "besides cold")
        ->check(CLI::IsMember({"change", "create", "burst", "churn", "idle", "connect"}));
    app.add_option("--changes", wanted.effort.changes);
    app.add_option("--creations", wanted.effort.creations);
    app.add_option("--rounds", wanted.effort.connect_rounds);
    app.add_option("--connects", wanted.effort.connects);
    app.add_option("--churn-seconds", wanted.effort.churn_seconds);
    app.add_option("--idle-seconds", wanted.effort.idle_seconds);
    app.add_option("--series-seconds", wanted.effort.series_seconds);
    CLI11_PARSE(app, argc, argv);
    return sy::bench::supervise(wanted);
}
