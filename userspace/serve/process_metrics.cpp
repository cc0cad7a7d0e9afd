#include "serve/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace sy {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

/// Fields of /proc/self/stat (proc(5)), counted from 1.
constexpr int kFirstAfterName = 3;
constexpr int kUserTime = 14;
constexpr int kSystemTime = 15;
constexpr int kStartTime = 22;
constexpr int kVirtualBytes = 23;
constexpr int kResidentPages = 24;

struct Stat {
    double cpu_seconds = 0;
    /// Since boot.
    double start_seconds = 0;
    double virtual_bytes = 0;
    double resident_bytes = 0;
};

std::optional<Stat> read_stat() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    // The name, in parentheses, may contain anything.
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream fields(text.substr(name_end + 1));
    const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
    Stat stat;
    std::string field;
    for (int number = kFirstAfterName; fields >> field; ++number) {
        const bool wanted = number == kUserTime || number == kSystemTime ||
                            (number >= kStartTime && number <= kResidentPages);
        const double value = wanted ? std::stod(field) : 0;
        if (number == kUserTime || number == kSystemTime) {
            stat.cpu_seconds += value / tick;
        } else if (number == kStartTime) {
            stat.start_seconds = value / tick;
        } else if (number == kVirtualBytes) {
            stat.virtual_bytes = value;
        } else if (number == kResidentPages) {
            stat.resident_bytes = value * static_cast<double>(sysconf(_SC_PAGESIZE));
        }
    }
    return stat;
}

/// When the machine was started, seconds since the epoch.
std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    while (file >> word) {
        double value = 0;
        if (word == "btime" && file >> value) {
            return value;
        }
    }
    return std::nullopt;
}

std::optional<double> open_files() {
    std::error_code error;
    double count = 0;
    for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
         at.increment(error)) {
        ++count;
    }
    // The listing itself is one of them.
    return error ? std::nullopt : std::optional(count - 1);
}

void add(std::vector<MetricFamily>& all, const char* name, const char* help, MetricType type,
         std::optional<double> value) {
    if (!value) {
        return;
    }
    MetricFamily family{.name = name, .help = help, .type = type, .metric = {{}}};
    auto& metric = family.metric.front();
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = *value;
    all.push_back(std::move(family));
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics::Collect() const {
    std::vector<MetricFamily> all;
    if (const auto stat = read_stat()) {
        const auto boot = boot_time();
        add(all, "process_cpu_seconds_total", "CPU time used.", MetricType::Counter,
            stat->cpu_seconds);
        add(all, "process_resident_memory_bytes", "Memory in use.", MetricType::Gauge,
            stat->resident_bytes);
        add(all, "process_virtual_memory_bytes", "Address space in use.", MetricType::Gauge,
            stat->virtual_bytes);
        add(all, "process_start_time_seconds", "When the process was started.", MetricType::Gauge,
            boot ? std::optional(*boot + stat->start_seconds) : std::nullopt);
    }
    rlimit limit{};
    const bool limited = getrlimit(RLIMIT_NOFILE, &limit) == 0;
    add(all, "process_open_fds", "Open file descriptors.", MetricType::Gauge, open_files());
    add(all, "process_max_fds", "File descriptors that may be open.", MetricType::Gauge,
        limited ? std::optional(static_cast<double>(limit.rlim_cur)) : std::nullopt);
    return all;
}

}  // namespace sy
