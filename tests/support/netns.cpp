#include "tests/support/netns.h"

#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "os/netlink.h"

namespace sy::lab {
namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";

Fd open_own_namespace() {
    return Fd(::open(kOwnNamespace, O_RDONLY | O_CLOEXEC));
}

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::abort();
}

Fd memory_file(std::string_view content) {
    Fd file(::memfd_create("switchyard-test", MFD_CLOEXEC));
    if (file && !content.empty()) {
        if (::write(file.get(), content.data(), content.size()) !=
            static_cast<ssize_t>(content.size())) {
            die("memfd");
        }
        ::lseek(file.get(), 0, SEEK_SET);
    }
    return file;
}

std::string contents(const Fd& file) {
    std::string text;
    std::array<char, 65536> buffer;
    ::lseek(file.get(), 0, SEEK_SET);
    for (ssize_t n; (n = ::read(file.get(), buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
}

}  // namespace

Result<NetNs> NetNs::create() {
    Fd fd;
    int code = 0;
    // A thread of its own, because unshare() moves the caller for good.
    std::thread maker([&] {
        if (::unshare(CLONE_NEWNET) != 0) {
            code = errno;
            return;
        }
        fd = open_own_namespace();
        code = fd ? 0 : errno;
    });
    maker.join();
    if (!fd) {
        return fail("cannot make a network namespace (root needed)", {}, code);
    }
    return NetNs(std::move(fd));
}

std::string NetNs::path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

Entered::Entered(const NetNs& ns) : before_(open_own_namespace()) {
    if (!before_ || ::setns(ns.fd(), CLONE_NEWNET) != 0) {
        die("entering a network namespace");
    }
}

Entered::~Entered() {
    if (::setns(before_.get(), CLONE_NEWNET) != 0) {
        die("leaving a network namespace");
    }
}

Result<Resident> Resident::start(const NetNs& ns) {
    // setpriv makes the kernel end it with us.
    constexpr std::array kWords{"setpriv", "--pdeathsig", "KILL", "sleep", "infinity"};
    std::vector<char*> words;
    for (const char* word : kWords) {
        words.push_back(const_cast<char*>(word));
    }
    words.push_back(nullptr);
    pid_t child = -1;
    Entered inside(ns);
    const int code = ::posix_spawnp(&child, words[0], nullptr, nullptr, words.data(), environ);
    if (code != 0) {
        return fail("cannot be started", words[0], code);
    }
    return Resident(child);
}

Resident::~Resident() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

Result<Finished> run_in(const NetNs& ns, const std::vector<std::string>& argv,
                        std::string_view input) {
    Fd in = memory_file(input);
    Fd out = memory_file({});
    Fd err = memory_file({});
    std::vector<char*> words;
    for (const std::string& word : argv) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, out.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, err.get(), 2);
    pid_t child = -1;
    int code = 0;
    {
        Entered inside(ns);  // a child starts in the namespace of the thread that makes it
        code = ::posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        return fail("cannot be started", argv[0], code);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return Finished{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(out),
                    contents(err)};
}

Result<std::string> must_run_in(const NetNs& ns, const std::vector<std::string>& argv,
                                std::string_view input) {
    Result<Finished> finished = run_in(ns, argv, input);
    if (!finished) {
        return std::unexpected(finished.error());
    }
    if (finished->status != 0) {
        return fail("status " + std::to_string(finished->status) + ": " + finished->err, argv[0]);
    }
    return std::move(finished->out);
}

Result<void> set_sysctl(const NetNs& ns, std::string_view path, std::string_view value) {
    const std::string file = "/proc/sys/" + std::string(path);
    Entered inside(ns);
    Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || ::write(fd.get(), value.data(), value.size()) < 0) {
        return fail("cannot be written", file, errno);
    }
    return {};
}

Result<void> flush_conntrack(const NetNs& ns) {
    Entered inside(ns);
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    struct {
        nlmsghdr header;
        nfgenmsg generic;
    } request{};
    request.header.nlmsg_len = sizeof(request);
    request.header.nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request.generic.nfgen_family = AF_UNSPEC;
    std::array<uint8_t, sizeof(request)> bytes{};
    std::memcpy(bytes.data(), &request, sizeof(request));
    if (Result<void> sent = socket->send(bytes); !sent) {
        return sent;
    }
    std::vector<uint8_t> buffer;
    Result<std::span<const uint8_t>> answer = socket->receive(buffer, true);
    if (!answer) {
        return std::unexpected(answer.error());
    }
    nlmsgerr outcome{};
    if (answer->size() >= sizeof(nlmsghdr) + sizeof(nlmsgerr)) {
        std::memcpy(&outcome, answer->data() + sizeof(nlmsghdr), sizeof(outcome));
    }
    if (outcome.error != 0) {
        return fail("cannot be flushed", "conntrack", -outcome.error);
    }
    return {};
}

}  // namespace sy::lab
