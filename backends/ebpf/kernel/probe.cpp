#include "backends/ebpf/kernel/probe.h"

#include <cerrno>

#include "backends/ebpf/kernel/hook.h"
#include "backends/ebpf/kernel/link.h"
#include "backends/ebpf/kernel/map_set.h"
#include "backends/ebpf/kernel/object.h"
#include "backends/ebpf/kernel/schema.h"

namespace sy::ebpf {
namespace {

bool forbidden(int code) {
    return code == EPERM || code == EACCES;
}

Result<void> probe_hook(const Cgroup& cgroup, const Hook& hook) {
    const std::string name = hook.name;
    const auto program = load_bystander(hook.attach_type);
    if (!program) {
        const int code = program.error().code;
        if (forbidden(code)) {
            return fail("not allowed to load BPF programs: CAP_BPF and CAP_NET_ADMIN are needed",
                        {}, code);
        }
        return fail(
            "the kernel lacks the socket hook " + name + " (Linux 5.8 with CONFIG_CGROUP_BPF)", {},
            code);
    }
    const auto link = Link::attach(program->get(), cgroup.fd(), hook.attach_type);
    if (link) {
        return {};
    }
    const int code = link.error().code;
    if (forbidden(code)) {
        return fail("not allowed to attach to the hook " + name +
                        ": CAP_NET_ADMIN is needed, and nobody may have attached a program there, "
                        "or above, that tolerates no other (bpftool cgroup tree)",
                    cgroup.folder(), code);
    }
    return fail("the kernel lacks links to the hook " + name + " (Linux 5.7)", cgroup.folder(),
                code);
}

// Powers of two, one page at most.
constexpr Sizes kSmallest{.frontends4 = 64,
                          .frontends6 = 64,
                          .services = 64,
                          .slots = 64,
                          .endpoints4 = 64,
                          .endpoints6 = 64,
                          .clients = 64};

}  // namespace

Result<void> probe_features(const Cgroup& cgroup, Log& log) {
    for (const Hook& hook : hooks()) {
        if (auto done = probe_hook(cgroup, hook); !done) {
            return done;
        }
    }
    Maps maps;
    if (auto made = make_maps(maps, kSmallest, log); !made) {
        return fail("the kernel lacks a kind of map (Linux 5.9 with BTF), or memory for it: " +
                        made.error().what,
                    {}, made.error().code);
    }
    const auto set = PinnedSet::make(std::move(maps), {});
    if (!set) {
        return fail("the kernel cannot map arrays into memory (Linux 5.5): " + set.error().what,
                    set.error().on, set.error().code);
    }
    const bool can_refuse = can_set_retval();
    if (!can_refuse) {
        log.info(
            "connections to Services without endpoints are refused by packets, not by "
            "sockets: the kernel has no bpf_set_retval (Linux 5.18)");
    }
    const auto programs = load_programs((*set)->maps(), can_refuse, log);
    if (!programs) {
        return fail(
            "the kernel does not take the programs (Linux 5.14 with CONFIG_CGROUP_BPF; "
            "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON): " +
                programs.error().what,
            programs.error().on, programs.error().code);
    }
    return {};
}

}  // namespace sy::ebpf
