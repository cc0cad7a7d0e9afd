#include "bench/check/counters.h"

#include <dlfcn.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdarg>
#include <cstring>
#include <utility>

namespace sy::bench {
namespace {

struct Field {
    const char* name;
    uint64_t Counts::* value;
};
constexpr std::array kFields{Field{"sends", &Counts::sends},
                             Field{"messages", &Counts::messages},
                             Field{"message_bytes", &Counts::message_bytes},
                             Field{"map_writes", &Counts::map_writes},
                             Field{"map_calls", &Counts::map_calls},
                             Field{"programs", &Counts::programs},
                             Field{"piped_bytes", &Counts::piped_bytes}};

std::array<std::atomic<uint64_t>, kFields.size()> totals;

void count(uint64_t Counts::* which, uint64_t amount) {
    for (std::size_t i = 0; i < kFields.size(); ++i) {
        if (kFields[i].value == which) {
            totals[i] += amount;
        }
    }
}

bool is_netlink(int fd) {
    int domain = 0;
    socklen_t size = sizeof domain;
    return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

void count_messages(int fd, const void* data, std::size_t size) {
    if (!is_netlink(fd)) {
        return;
    }
    count(&Counts::message_bytes, size);
    const auto* at = static_cast<const char*>(data);
    while (size >= sizeof(nlmsghdr)) {
        nlmsghdr header{};
        std::memcpy(&header, at, sizeof header);
        const std::size_t step = NLMSG_ALIGN(header.nlmsg_len);
        if (header.nlmsg_len < sizeof header || step > size) {
            break;
        }
        count(&Counts::messages, 1);
        at += step;
        size -= step;
    }
}

/// The function of the C library that one of ours stands before.
template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

void count_map_call(long command, const bpf_attr* attributes) {
    switch (command) {
        case BPF_MAP_UPDATE_ELEM:
        case BPF_MAP_DELETE_ELEM:
            count(&Counts::map_writes, 1);
            break;
        case BPF_MAP_UPDATE_BATCH:
        case BPF_MAP_DELETE_BATCH:
            count(&Counts::map_writes, attributes->batch.count);
            break;
        default:
            return;
    }
    count(&Counts::map_calls, 1);
}

}  // namespace

Counts Counts::operator-(const Counts& before) const {
    Counts result;
    for (const auto& field : kFields) {
        result.*field.value = this->*field.value - before.*field.value;
    }
    return result;
}

std::map<std::string, uint64_t> Counts::named() const {
    std::map<std::string, uint64_t> result;
    for (const auto& field : kFields) {
        if (this->*field.value != 0) {
            result[field.name] = this->*field.value;
        }
    }
    return result;
}

Counts counted() {
    Counts result;
    for (std::size_t i = 0; i < kFields.size(); ++i) {
        result.*kFields[i].value = totals[i];
    }
    return result;
}

}  // namespace sy::bench

// Signatures as the C library has them.
extern "C" {

ssize_t sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
               socklen_t length) {
    using namespace sy::bench;
    static auto* next = real<decltype(sendto)>("sendto");
    count(&Counts::sends, is_netlink(fd) ? 1 : 0);
    count_messages(fd, data, size);
    return next(fd, data, size, flags, to, length);
}

ssize_t send(int fd, const void* data, std::size_t size, int flags) {
    using namespace sy::bench;
    static auto* next = real<decltype(send)>("send");
    count(&Counts::sends, is_netlink(fd) ? 1 : 0);
    count_messages(fd, data, size);
    return next(fd, data, size, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    using namespace sy::bench;
    static auto* next = real<decltype(sendmsg)>("sendmsg");
    count(&Counts::sends, is_netlink(fd) ? 1 : 0);
    for (std::size_t i = 0; i < message->msg_iovlen; ++i) {
        count_messages(fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    }
    return next(fd, message, flags);
}

ssize_t write(int fd, const void* data, std::size_t size) {
    using namespace sy::bench;
    static auto* next = real<decltype(write)>("write");
    const ssize_t written = next(fd, data, size);
    struct stat status{};
    if (written > 0 && ::fstat(fd, &status) == 0 &&
        (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))) {
        count(&Counts::piped_bytes, static_cast<uint64_t>(written));
    }
    return written;
}

int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* argv, char* const* environment) {
    using namespace sy::bench;
    static auto* next = real<decltype(posix_spawnp)>("posix_spawnp");
    count(&Counts::programs, 1);
    return next(pid, file, actions, attributes, argv, environment);
}

long syscall(long number, ...) {
    using namespace sy::bench;
    static auto* next = real<long(long, ...)>("syscall");
    std::array<long, 6> words{};
    va_list list;
    va_start(list, number);
    for (long& word : words) {
        word = va_arg(list, long);
    }
    va_end(list);
    if (number == SYS_bpf) {
        count_map_call(words[0], std::bit_cast<const bpf_attr*>(words[1]));
    }
    return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

}  // extern "C"
