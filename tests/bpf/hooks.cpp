#include "tests/bpf/hooks.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "os/fd.h"
#include "switchyard_bpf.skel.h"
#include "tests/support/expect.h"

namespace sy::bpf_test {

lab::BpfScope*& shared_scope() {
    static lab::BpfScope* scope = nullptr;
    return scope;
}

uint64_t cookie_of(lab::Place place) {
    const lab::Entered inside(lab::shared_lab()->at(place));
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    EXPECT_EQ(::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size), 0);
    return cookie;
}

std::unique_ptr<Hooks> Hooks::attach(bool can_refuse) {
    keep_loader_log();
    loader_log().clear();
    std::unique_ptr<Hooks> hooks(new Hooks);
    hooks->skeleton_ = switchyard_bpf__open();
    if (hooks->skeleton_ == nullptr) {
        return nullptr;
    }
    hooks->skeleton_->rodata->sy_can_refuse = can_refuse ? 1 : 0;
    if (switchyard_bpf__load(hooks->skeleton_) != 0) {
        return nullptr;
    }
    const Fd cgroup(::open(shared_scope()->cgroup().c_str(), O_RDONLY | O_CLOEXEC));
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, hooks->skeleton_->obj) {
        bpf_link* link = bpf_program__attach_cgroup(program, cgroup.get());
        if (link == nullptr) {
            return nullptr;
        }
        hooks->links_.push_back(link);
    }
    hooks->maps_.emplace(hooks->skeleton_->obj);
    hooks->configure(0);
    return hooks;
}

Hooks::~Hooks() {
    for (bpf_link* link : links_) {
        bpf_link__destroy(link);
    }
    switchyard_bpf__destroy(skeleton_);
}

void Hooks::configure(uint32_t flags, uint64_t observe_until) {
    sy_settings settings{};
    settings.host_netns = cookie_of(lab::Place::node);
    settings.flags = flags;
    settings.observe_until = observe_until;
    maps_->settings(settings);
}

}  // namespace sy::bpf_test
