// What every benchmark needs: processes of their own, percentiles, and a log that keeps quiet.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/log.h"

namespace sy::bench {

/// Shows errors only.
struct QuietLog : Log {
    void write(LogLevel level, std::string_view message) override;
};

/// Ends the process with a word on standard error.
[[noreturn]] void give_up(const std::string& what);

/// `p` from 0 to 1; `values` must not be empty.
double percentile(std::vector<double> values, double p);

/// The median over `runs` of one of their figures.
template <class Figures>
double median_of(const std::vector<Figures>& runs, double Figures::* figure) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const auto& run : runs) {
        values.push_back(run.*figure);
    }
    return percentile(values, 0.5);
}

/// Runs `work` in a process of its own, so that it starts with a fresh heap, and returns what it
/// measured; nothing if it failed.
template <class Work>
auto apart(Work work) -> std::optional<std::invoke_result_t<Work>> {
    using Figures = std::invoke_result_t<Work>;
    static_assert(std::is_trivially_copyable_v<Figures>);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    const pid_t child = ::fork();
    if (child == 0) {
        const Figures figures = work();
        const bool told = ::write(ends[1], &figures, sizeof figures) == sizeof figures;
        std::_Exit(told ? 0 : 1);
    }
    ::close(ends[1]);
    Figures figures{};
    const bool told = ::read(ends[0], &figures, sizeof figures) == sizeof figures;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return told && status == 0 ? std::optional(figures) : std::nullopt;
}

}  // namespace sy::bench
