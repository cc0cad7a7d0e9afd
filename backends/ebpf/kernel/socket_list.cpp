#include "backends/ebpf/kernel/socket_list.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <switchyard_bpf_sockets.skel.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "backends/ebpf/kernel/loader_words.h"

namespace sy::ebpf {

struct SocketList::Object {
    Object() : skeleton(switchyard_bpf_sockets::open()) {}
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object() { switchyard_bpf_sockets::destroy(skeleton); }

    switchyard_bpf_sockets* skeleton;
};

SocketList::SocketList(std::unique_ptr<Object> object) : object_(std::move(object)) {}
SocketList::SocketList(SocketList&& other) noexcept = default;
SocketList& SocketList::operator=(SocketList&& other) noexcept = default;
SocketList::~SocketList() = default;

Result<SocketList> SocketList::load(Log& log) {
    const LoaderWords words;
    auto object = std::make_unique<Object>();
    if (object->skeleton == nullptr) {
        return words.failed("cannot open the BPF object of the socket list", errno, log);
    }
    if (const int error = switchyard_bpf_sockets::load(object->skeleton); error != 0) {
        return words.failed(
            "cannot load the iterator over sockets (Linux 5.9 with CONFIG_DEBUG_INFO_BTF; CAP_BPF "
            "and CAP_PERFMON)",
            -error, log);
    }
    return SocketList(std::move(object));
}

Result<std::vector<sy_socket>> SocketList::read(const Map& connections) const {
    bpf_iter_link_info target{};
    target.map.map_fd = static_cast<uint32_t>(connections.fd());
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.iter_info = &target;
    options.iter_info_len = sizeof target;
    const Fd link(bpf_link_create(bpf_program__fd(object_->skeleton->progs.sy_list_sockets), 0,
                                  BPF_TRACE_ITER, &options));
    const Fd iterator(link ? bpf_iter_create(link.get()) : -1);
    if (!iterator) {
        return fail("cannot iterate over sockets", {}, errno);
    }
    constexpr std::size_t kChunk = 65536;
    std::vector<uint8_t> bytes;
    for (;;) {
        const std::size_t size = bytes.size();
        bytes.resize(size + kChunk);
        const auto got = ::read(iterator.get(), bytes.data() + size, kChunk);
        bytes.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return fail("cannot iterate over sockets", {}, errno);
        }
    }
    std::vector<sy_socket> sockets(bytes.size() / sizeof(sy_socket));
    if (!sockets.empty()) {
        std::memcpy(sockets.data(), bytes.data(), sockets.size() * sizeof(sy_socket));
    }
    return sockets;
}

}  // namespace sy::ebpf
