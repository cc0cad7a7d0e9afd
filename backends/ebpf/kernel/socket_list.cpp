#include "backends/ebpf/kernel/socket_list.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <switchyard_bpf_sockets.skel.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "backends/ebpf/kernel/iterator.h"
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
    const auto told =
        run_iterator(bpf_program__fd(object_->skeleton->progs.sy_list_sockets), &target);
    if (!told) {
        return std::unexpected(told.error());
    }
    std::vector<sy_socket> sockets(told->size() / sizeof(sy_socket));
    if (!sockets.empty()) {
        std::memcpy(sockets.data(), told->data(), sockets.size() * sizeof(sy_socket));
    }
    return sockets;
}

}  // namespace sy::ebpf
