// What changes cost in operations of the kernel, against a file that says what they may cost.
// Counts are exact and the same on every machine, so one that grows is somebody's doing.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "bench/check/baseline.h"
#include "bench/check/operations.h"
#include "bench/harness.h"
#include "os/fd.h"
#include "tests/support/bpf_scope.h"

namespace sy::bench {
namespace {

/// A mode in one of its forms.
struct Subject {
    std::string name;
    std::string mode;
    IptablesVariant variant = IptablesVariant::detect;
};

// What mode ipvs costs is counted by its own tests, where there is a kernel that has it.
const std::array<Subject, 4> kSubjects{
    Subject{"nftables", "nftables"}, Subject{"ebpf", "ebpf"},
    Subject{"iptables-legacy", "iptables", IptablesVariant::legacy},
    Subject{"iptables-nft", "iptables", IptablesVariant::nft}};

Costs measure(const Subject& subject) {
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        give_up("no namespaces of its own: run as root");
    }
    const auto scope = lab::BpfScope::create();
    if (!scope) {
        give_up(scope.error().message());
    }
    BackendSettings settings;
    settings.iptables.variant = subject.variant;
    settings.ebpf.bpf_root = (scope->folder() / "switchyard").string();
    settings.ebpf.cgroup_root = scope->cgroup().string();
    return costs_of(*find_backend(subject.mode), settings);
}

std::string all_of(int fd) {
    std::string text;
    std::array<char, 4096> piece{};
    for (ssize_t size = 0; (size = ::read(fd, piece.data(), piece.size())) > 0;) {
        text.append(piece.data(), static_cast<std::size_t>(size));
    }
    return text;
}

/// In a process of its own, which changes its namespaces.
std::optional<Costs> measure_apart(const Subject& subject) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string text = to_json({{subject.name, measure(subject)}});
        const bool told =
            ::write(writer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
        std::_Exit(told ? 0 : 1);
    }
    writer.reset();
    const std::string text = all_of(reader.get());
    int status = 0;
    ::waitpid(child, &status, 0);
    auto told = from_json(text);
    if (status != 0 || !told) {
        return std::nullopt;
    }
    return std::move((*told)[subject.name]);
}

void show(const Baseline& baseline) {
    for (const auto& [mode, costs] : baseline) {
        fmt::print("{}\n", mode);
        for (const auto& [operation, figures] : costs) {
            std::string line;
            for (const auto& [name, value] : figures) {
                line += fmt::format("  {} {}", value, name);
            }
            fmt::print("  {:<32}{}\n", operation, line.empty() ? "  nothing" : line);
        }
    }
}

int check(const Baseline& now, const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const auto before = from_json(text.str());
    if (!before) {
        fmt::print(stderr, "bench: {}: {}\n", path, before.error().message());
        return 2;
    }
    const Comparison comparison = compare(*before, now);
    for (const auto& line : comparison.shrunk) {
        fmt::print("less: {}\n", line);
    }
    for (const auto& line : comparison.grown) {
        fmt::print("MORE: {}\n", line);
    }
    if (!comparison.grown.empty()) {
        fmt::print(
            "Changes cost more than {} says. If that is meant: scripts/bench --check {} "
            "--update\n",
            path, path);
        return 1;
    }
    fmt::print("no change costs more than {} says{}\n", path,
               comparison.shrunk.empty() ? "" : "; --update notes what costs less");
    return 0;
}

int run(const std::string& path, bool update) {
    Baseline now;
    for (const auto& subject : kSubjects) {
        auto costs = measure_apart(subject);
        if (!costs) {
            fmt::print(stderr, "bench: mode {} could not be measured\n", subject.name);
            return 1;
        }
        now[subject.name] = std::move(*costs);
    }
    show(now);
    if (update) {
        std::ofstream file(path);
        file << to_json(now);
        return file.flush() ? 0 : 1;
    }
    return check(now, path);
}

}  // namespace
}  // namespace sy::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app("Compares what changes cost in operations of the kernel with a file.",
                 "scripts/bench --check");
    std::string path;
    bool update = false;
    app.add_option("BASELINE", path, "JSON file, such as bench/baseline.json")->required();
    app.add_flag("--update", update, "write the file instead");
    CLI11_PARSE(app, argc, argv);
    return sy::bench::run(path, update);
}
