#include "tests/support/daemon.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace sy::lab {
namespace {

constexpr const char* kProgram = SWITCHYARD_PROGRAM;

std::string cluster_cidr() {
    return pod_network(Family::ipv4).to_string() + "," + pod_network(Family::ipv6).to_string();
}

}  // namespace

std::vector<std::string> lab_flags() {
    // The lab's namespaces have no limits of their own for tracked connections: leave the host's
    // alone.
    return {"--hostname-override", "node",  "--conntrack-max-per-core", "0",
            "--log-level",         "debug", "--cluster-cidr",           cluster_cidr()};
}

Daemon::Daemon(const Lab& lab, const ManifestFolder& folder, std::vector<std::string> more)
    : Daemon(lab, [&] {
          std::vector<std::string> words{"run", "--manifests", folder.path().string()};
          for (const std::vector<std::string>& flags : {lab_flags(), more}) {
              words.insert(words.end(), flags.begin(), flags.end());
          }
          return words;
      }()) {}

Daemon::Daemon(const Lab& lab, std::vector<std::string> words, std::vector<std::string> wrapper)
    : log_(::memfd_create("switchyard-log", MFD_CLOEXEC)) {
    // setpriv makes the kernel end the daemon with us.
    std::vector<std::string> argv{"setpriv", "--pdeathsig", "KILL"};
    argv.insert(argv.end(), wrapper.begin(), wrapper.end());
    argv.emplace_back(kProgram);
    argv.insert(argv.end(), words.begin(), words.end());
    std::vector<char*> pointers;
    for (std::string& word : argv) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, log_.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, log_.get(), 2);
    int code = 0;
    {
        Entered inside(lab.at(Place::node));
        code = ::posix_spawnp(&pid_, pointers[0], &actions, nullptr, pointers.data(), environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        throw std::runtime_error("cannot start the daemon");
    }
}

Daemon::~Daemon() {
    kill();
}

void Daemon::signal(int number) const {
    if (!status_) {
        ::kill(pid_, number);
    }
}

int Daemon::wait() {
    if (!status_) {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return *status_;
}

int Daemon::terminate() {
    signal(SIGTERM);
    return wait();
}

void Daemon::kill() {
    signal(SIGKILL);
    wait();
}

bool Daemon::running() {
    if (!status_) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
    return !status_;
}

std::string Daemon::log() const {
    std::string text;
    std::array<char, 65536> buffer;
    off_t at = 0;
    for (ssize_t n; (n = ::pread(log_.get(), buffer.data(), buffer.size(), at)) > 0; at += n) {
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
}

std::string program() {
    return kProgram;
}

Result<Finished> run_switchyard(const Lab& lab, std::vector<std::string> words) {
    words.insert(words.begin(), kProgram);
    return run_in(lab.at(Place::node), words);
}

}  // namespace sy::lab
