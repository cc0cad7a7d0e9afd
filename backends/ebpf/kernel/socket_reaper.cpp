#include "backends/ebpf/kernel/socket_reaper.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <switchyard_bpf_destroy.skel.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backends/ebpf/kernel/iterator.h"
#include "backends/ebpf/kernel/loader_words.h"

namespace sy::ebpf {
namespace {

/// Cookies per pass at most: the map's size.
constexpr uint32_t kAtOnce = 4096;

}  // namespace

struct SocketReaper::Object {
    Object() : skeleton(switchyard_bpf_destroy::open()) {}
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object() { switchyard_bpf_destroy::destroy(skeleton); }

    switchyard_bpf_destroy* skeleton;
};

SocketReaper::SocketReaper(std::unique_ptr<Object> object) : object_(std::move(object)) {}
SocketReaper::SocketReaper(SocketReaper&& other) noexcept = default;
SocketReaper& SocketReaper::operator=(SocketReaper&& other) noexcept = default;
SocketReaper::~SocketReaper() = default;

Result<SocketReaper> SocketReaper::load(Log& log) {
    const LoaderWords words;
    auto object = std::make_unique<Object>();
    if (object->skeleton == nullptr) {
        return words.failed("cannot open the BPF object that ends sockets", errno, log);
    }
    bpf_map__set_max_entries(object->skeleton->maps.doomed, kAtOnce);
    if (const int error = switchyard_bpf_destroy::load(object->skeleton); error != 0) {
        return words.failed(
            "cannot end UDP sockets: neither SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY, udp_diag) nor "
            "bpf_sock_destroy (Linux 6.5)",
            -error, log);
    }
    return SocketReaper(std::move(object));
}

Result<std::unordered_set<uint64_t>> SocketReaper::end(std::span<const uint64_t> cookies) const {
    const int doomed = bpf_map__fd(object_->skeleton->maps.doomed);
    std::unordered_set<uint64_t> ended;
    while (!cookies.empty()) {
        const auto now = cookies.first(std::min<std::size_t>(cookies.size(), kAtOnce));
        cookies = cookies.subspan(now.size());
        const uint32_t present = 1;
        for (const uint64_t cookie : now) {
            if (bpf_map_update_elem(doomed, &cookie, &present, BPF_ANY) != 0) {
                return fail("cannot be written", "map doomed", errno);
            }
        }
        const auto told =
            run_iterator(bpf_program__fd(object_->skeleton->progs.sy_destroy_sockets));
        for (const uint64_t cookie : now) {
            bpf_map_delete_elem(doomed, &cookie);
        }
        if (!told) {
            return std::unexpected(told.error());
        }
        for (std::size_t at = 0; at + sizeof(uint64_t) <= told->size(); at += sizeof(uint64_t)) {
            uint64_t cookie = 0;
            std::memcpy(&cookie, told->data() + at, sizeof cookie);
            ended.insert(cookie);
        }
    }
    return ended;
}

}  // namespace sy::ebpf
