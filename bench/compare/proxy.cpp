#include "bench/compare/proxy.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include "bench/harness.h"

namespace sy::bench {
namespace {

/// The number behind the first line that starts with `name`; 0 without one.
double figure(const std::string& path, std::string_view name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name)) {
            const auto digit = line.find_first_of("0123456789");
            return digit == std::string::npos ? 0 : std::stod(line.substr(digit));
        }
    }
    return 0;
}

/// cutime and cstime of /proc/PID/stat: fields 16 and 17 of proc(5), in ticks.
double seconds_of_children(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return 0;
    }
    std::istringstream rest(text.substr(name_end + 2));
    std::string word;
    for (int field = 3; field < 16; ++field) {
        rest >> word;
    }
    double user = 0;
    double system = 0;
    rest >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

Proxy::Proxy(std::vector<std::string> argv, const std::string& log) {
    argv.insert(argv.begin(), {"setpriv", "--pdeathsig", "KILL"});
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (std::string& word : argv) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed = ::posix_spawnp(&pid_, words[0], &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        give_up("cannot start " + argv.at(3));
    }
}

Proxy::~Proxy() {
    if (!running()) {
        return;
    }
    ::kill(pid_, SIGTERM);
    for (int i = 0; i < 100 && running(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

bool Proxy::running() {
    if (!ended_ && ::waitpid(pid_, nullptr, WNOHANG) != 0) {
        ended_ = true;
    }
    return !ended_;
}

double Proxy::cpu() const {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
        return 0;
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9 +
           seconds_of_children(pid_);
}

double Proxy::switches() const {
    double sum = 0;
    std::error_code error;
    const std::string tasks = "/proc/" + std::to_string(pid_) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
        const std::string status = (task.path() / "status").string();
        sum += figure(status, "voluntary_ctxt_switches:") +
               figure(status, "nonvoluntary_ctxt_switches:");
    }
    return sum;
}

double Proxy::megabytes(std::string_view name) const {
    return figure("/proc/" + std::to_string(pid_) + "/status", name) / 1024;
}

double kernel_megabytes() {
    double sum = 0;
    for (const std::string_view name : {"Slab:", "VmallocUsed:", "Percpu:"}) {
        sum += figure("/proc/meminfo", name) / 1024;
    }
    return sum;
}

}  // namespace sy::bench
