#include "backends/ebpf/kernel/hook.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <span>

namespace sy::ebpf {
namespace {

constexpr bpf_insn move(uint8_t target, int32_t value) {
    return {.code = BPF_ALU64 | BPF_MOV | BPF_K,
            .dst_reg = static_cast<uint8_t>(target & 0xfU),
            .src_reg = 0,
            .off = 0,
            .imm = value};
}
constexpr bpf_insn call(int32_t helper) {
    return {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = helper};
}
constexpr bpf_insn leave() {
    return {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};
}

Result<Fd> load(uint32_t attach_type, std::span<const bpf_insn> code) {
    bpf_prog_load_opts options{};
    options.sz = sizeof options;
    options.expected_attach_type = static_cast<bpf_attach_type>(attach_type);
    Fd program(bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sy_probe", "GPL", code.data(),
                             code.size(), &options));
    if (!program) {
        return fail("cannot load a program", {}, errno);
    }
    return program;
}

}  // namespace

const std::array<Hook, kHookCount>& hooks() {
    static constexpr std::array<Hook, kHookCount> kHooks{{
        {"getpeername4", BPF_CGROUP_INET4_GETPEERNAME},
        {"getpeername6", BPF_CGROUP_INET6_GETPEERNAME},
        {"recvmsg4", BPF_CGROUP_UDP4_RECVMSG},
        {"recvmsg6", BPF_CGROUP_UDP6_RECVMSG},
        {"sendmsg4", BPF_CGROUP_UDP4_SENDMSG},
        {"sendmsg6", BPF_CGROUP_UDP6_SENDMSG},
        {"connect4", BPF_CGROUP_INET4_CONNECT},
        {"connect6", BPF_CGROUP_INET6_CONNECT},
    }};
    return kHooks;
}

Result<Fd> load_bystander(uint32_t attach_type) {
    constexpr std::array kCode{move(BPF_REG_0, 1), leave()};
    return load(attach_type, kCode);
}

bool can_set_retval() {
    constexpr std::array kCode{move(BPF_REG_1, -ECONNREFUSED), call(BPF_FUNC_set_retval),
                               move(BPF_REG_0, 1), leave()};
    return load(BPF_CGROUP_INET4_CONNECT, kCode).has_value();
}

}  // namespace sy::ebpf
