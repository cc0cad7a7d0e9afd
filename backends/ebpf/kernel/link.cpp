#include "backends/ebpf/kernel/link.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace sy::ebpf {

Result<Link> Link::open(const std::string& pin) {
    Fd fd(bpf_obj_get(pin.c_str()));
    if (!fd) {
        return fail("cannot open the pinned link", pin, errno);
    }
    return Link(std::move(fd));
}

Result<Link> Link::attach(int program, int cgroup, uint32_t attach_type) {
    Fd fd(bpf_link_create(program, cgroup, static_cast<bpf_attach_type>(attach_type), nullptr));
    if (!fd) {
        return fail("cannot attach a program", {}, errno);
    }
    return Link(std::move(fd));
}

Result<LinkFacts> Link::facts() const {
    bpf_link_info info{};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd_.get(), &info, &size) != 0) {
        return fail("cannot ask what a link is", {}, errno);
    }
    LinkFacts facts{.program = info.prog_id, .attach_type = 0, .cgroup = 0};
    if (info.type == BPF_LINK_TYPE_CGROUP) {
        facts.attach_type = info.cgroup.attach_type;
        facts.cgroup = info.cgroup.cgroup_id;
    }
    return facts;
}

Result<void> Link::update(int program) const {
    if (bpf_link_update(fd_.get(), program, nullptr) != 0) {
        return fail("cannot give a link another program", {}, errno);
    }
    return {};
}

Result<void> Link::pin(const std::string& path) const {
    // There is no replacing in a bpf file system, but renaming over there is.
    const std::string beside = path + "-new";
    ::unlink(beside.c_str());
    if (bpf_obj_pin(fd_.get(), beside.c_str()) != 0) {
        return fail("cannot pin a link", path, errno);
    }
    if (std::rename(beside.c_str(), path.c_str()) != 0) {
        const int code = errno;
        ::unlink(beside.c_str());
        return fail("cannot pin a link", path, code);
    }
    return {};
}

Result<void> Link::detach() const {
    // Of a cgroup that is gone: nothing is left to detach from.
    if (bpf_link_detach(fd_.get()) != 0 && errno != ENOENT && errno != ENOLINK) {
        return fail("cannot detach a link", {}, errno);
    }
    return {};
}

}  // namespace sy::ebpf
