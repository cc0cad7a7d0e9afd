#include "backends/ebpf/kernel/iterator.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>

#include "os/fd.h"

namespace sy::ebpf {

Result<std::vector<uint8_t>> run_iterator(int program, bpf_iter_link_info* target) {
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    if (target != nullptr) {
        options.iter_info = target;
        options.iter_info_len = sizeof *target;
    }
    const Fd link(bpf_link_create(program, 0, BPF_TRACE_ITER, &options));
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
            return bytes;
        }
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return fail("cannot iterate over sockets", {}, errno);
        }
    }
}

}  // namespace sy::ebpf
