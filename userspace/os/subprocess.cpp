#include "os/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "os/fd.h"

namespace sy {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail("make a pipe", {}, errno);
    }
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::string_view name_of(std::string_view assignment) {
    return assignment.substr(0, assignment.find('='));
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
    std::vector<std::string> all = added;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& a) {
            return name_of(a) == name_of(*entry);
        });
        if (!replaced) {
            all.emplace_back(*entry);
        }
    }
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    out.reserve(words.size() + 1);
    for (std::string& word : words) {
        out.push_back(word.data());
    }
    out.push_back(nullptr);
    return out;
}

std::unexpected<Error> does_not_end(const Command& command) {
    return fail("does not end and was killed", command.argv.front(), ETIMEDOUT);
}

/// A started program. Killed and reaped, if it has not ended, with this object.
class Child {
  public:
    Child() = default;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) {
            kill(-pid_, SIGKILL);  // and whatever it has started
            wait();
        }
    }

    /// 0 or an errno. `ends` become its standard input, output and error.
    int start(const Command& command, const std::array<int, 3>& ends) {
        std::vector<std::string> words = command.argv;
        std::vector<std::string> environment = environment_with(command.environment);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        for (int i = 0; i < 3; ++i) {
            posix_spawn_file_actions_adddup2(&actions, ends[static_cast<std::size_t>(i)], i);
        }
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        sigset_t defaults;
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes, &defaults);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        const int code = posix_spawnp(&pid_, words.front().c_str(), &actions, &attributes,
                                      pointers(words).data(), pointers(environment).data());
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (code != 0) {
            pid_ = -1;
        }
        return code;
    }

    /// False: it is still there at `deadline`.
    bool ends_by(SteadyClock::time_point deadline) const {
        const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
        pollfd waits{process.get(), POLLIN, 0};
        for (;;) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
            const int ready = poll(&waits, 1, std::max(0, static_cast<int>(left.count())));
            if (ready >= 0 || errno != EINTR) {
                return ready != 0;
            }
        }
    }

    int wait() {
        int status = 0;
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    pid_t pid_ = -1;
};

/// Moves bytes between us and the program until it has closed its outputs.
class Exchange {
  public:
    Exchange(const Command& command, Fd in, Fd out, Fd err)
        : command_(command), in_(std::move(in)), out_(std::move(out)), err_(std::move(err)) {
        fcntl(in_.get(), F_SETFL, O_NONBLOCK);
        if (command_.input.empty()) {
            in_ = Fd();
        }
    }

    Result<void> run(CommandResult& result, SteadyClock::time_point deadline) {
        while (out_ || err_) {
            std::array<pollfd, 3> waits{{{out_ ? out_.get() : -1, POLLIN, 0},
                                         {err_ ? err_.get() : -1, POLLIN, 0},
                                         {in_ ? in_.get() : -1, POLLOUT, 0}}};
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
            const int ready = left.count() <= 0 ? 0
                                                : poll(waits.data(), waits.size(),
                                                       static_cast<int>(left.count()));
            if (ready == 0) {
                return does_not_end(command_);
            }
            if (ready < 0) {
                continue;
            }
            if (waits[2].revents != 0) {
                write_some();
            }
            if ((waits[0].revents != 0 && !read_some(out_, result.out)) ||
                (waits[1].revents != 0 && !read_some(err_, result.err))) {
                return fail("writes too much and was killed", command_.argv.front(), EFBIG);
            }
        }
        return {};
    }

  private:
    void write_some() {
        const std::string_view rest = std::string_view(command_.input).substr(written_);
        const ssize_t n = write(in_.get(), rest.data(), rest.size());
        if (n > 0) {
            written_ += static_cast<std::size_t>(n);
        }
        // A program that does not want its input is free not to read it.
        const bool broken = n < 0 && errno != EAGAIN && errno != EINTR;
        if (broken || written_ == command_.input.size()) {
            in_ = Fd();
        }
    }

    bool read_some(Fd& from, std::string& to) const {
        std::array<char, 65536> buffer;
        const ssize_t n = read(from.get(), buffer.data(), buffer.size());
        if (n > 0) {
            to.append(buffer.data(), static_cast<std::size_t>(n));
        } else if (n == 0 || errno != EINTR) {
            from = Fd();
        }
        return to.size() <= command_.output_limit;
    }

    const Command& command_;
    Fd in_;
    Fd out_;
    Fd err_;
    std::size_t written_ = 0;
};

}  // namespace

Result<CommandResult> run_program(const Command& command) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    if (!in || !out || !err) {
        return std::unexpected((!in ? in : !out ? out : err).error());
    }
    Child child;
    if (const int code =
            child.start(command, {in->read.get(), out->write.get(), err->write.get()})) {
        return fail("cannot be started", command.argv.front(), code);
    }
    in->read = Fd();
    out->write = Fd();
    err->write = Fd();
    const auto deadline = SteadyClock::now() + command.timeout;
    CommandResult result;
    Exchange exchange(command, std::move(in->write), std::move(out->read), std::move(err->read));
    if (auto moved = exchange.run(result, deadline); !moved) {
        return std::unexpected(moved.error());
    }
    if (!child.ends_by(deadline)) {
        return does_not_end(command);
    }
    result.status = child.wait();
    return result;
}

}  // namespace sy
