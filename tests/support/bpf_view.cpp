#include "tests/support/bpf_view.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "os/fd.h"

namespace sy::lab {
namespace {

struct Hook {
    std::string_view name;
    bpf_attach_type type;
};

constexpr std::array<Hook, 8> kHooks{{
    {"connect4", BPF_CGROUP_INET4_CONNECT},
    {"connect6", BPF_CGROUP_INET6_CONNECT},
    {"sendmsg4", BPF_CGROUP_UDP4_SENDMSG},
    {"sendmsg6", BPF_CGROUP_UDP6_SENDMSG},
    {"recvmsg4", BPF_CGROUP_UDP4_RECVMSG},
    {"recvmsg6", BPF_CGROUP_UDP6_RECVMSG},
    {"getpeername4", BPF_CGROUP_INET4_GETPEERNAME},
    {"getpeername6", BPF_CGROUP_INET6_GETPEERNAME},
}};

std::string program_name(uint32_t id) {
    const Fd program(::bpf_prog_get_fd_by_id(id));
    bpf_prog_info info{};
    uint32_t size = sizeof info;
    if (!program || ::bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) {
        return "gone";
    }
    return info.name;
}

}  // namespace

std::string attached_programs(const std::string& cgroup) {
    const Fd folder(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) {
        return "the cgroup " + cgroup + " cannot be opened";
    }
    std::string lines;
    for (const Hook& hook : kHooks) {
        std::array<uint32_t, 64> ids{};
        uint32_t count = ids.size();
        if (::bpf_prog_query(folder.get(), hook.type, 0, nullptr, ids.data(), &count) != 0) {
            return "hook " + std::string(hook.name) + " cannot be queried";
        }
        for (uint32_t i = 0; i < count; ++i) {
            lines += std::string(hook.name) + " " + program_name(ids[i]) + "\n";
        }
    }
    return lines;
}

Fd attach_bystander(const std::string& cgroup) {
    const Fd folder(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    constexpr std::array<bpf_insn, 2> kPass{{
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    }};
    bpf_prog_load_opts options{};
    options.sz = sizeof options;
    options.expected_attach_type = BPF_CGROUP_INET4_CONNECT;
    const Fd program(::bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bystander", "GPL",
                                     kPass.data(), kPass.size(), &options));
    if (!folder || !program) {
        return {};
    }
    return Fd(::bpf_link_create(program.get(), folder.get(), BPF_CGROUP_INET4_CONNECT, nullptr));
}

std::string list_tree(const std::string& folder) {
    std::vector<std::string> paths;
    std::error_code error;
    std::filesystem::recursive_directory_iterator entry(folder, error);
    while (!error && entry != std::filesystem::recursive_directory_iterator()) {
        paths.push_back(entry->path().string());
        entry.increment(error);  // what goes meanwhile ends the walk
    }
    std::ranges::sort(paths);
    std::string lines;
    for (const std::string& path : paths) {
        lines += path + "\n";
    }
    return lines;
}

}  // namespace sy::lab
