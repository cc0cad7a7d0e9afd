#include "os/privileges.h"

#include <fcntl.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

#include "os/fd.h"

namespace sy {
namespace {

struct FreeCaps {
    void operator()(cap_t caps) const { cap_free(caps); }
};
using Caps = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCaps>;

bool is_permitted(cap_t caps, cap_value_t capability) {
    cap_flag_value_t value = CAP_CLEAR;
    return cap_get_flag(caps, capability, CAP_PERMITTED, &value) == 0 && value == CAP_SET;
}

/// The bounding set limits what a program started by us could get. Shrinking it takes CAP_SETPCAP;
/// without that the other sets have to do.
void shrink_bounding_set(std::span<const int> kept) {
    for (cap_value_t capability = 0; cap_get_bound(capability) >= 0; ++capability) {
        if (std::find(kept.begin(), kept.end(), capability) == kept.end()) {
            cap_drop_bound(capability);
        }
    }
}

}  // namespace

Result<void> keep_only(std::span<const int> kept) {
    const Caps had(cap_get_proc());
    const Caps caps(cap_init());
    if (!had || !caps) {
        return fail("read the capabilities of this process", {}, errno);
    }
    for (const int capability : kept) {
        const cap_value_t value = capability;
        if (is_permitted(had.get(), value)) {
            cap_set_flag(caps.get(), CAP_PERMITTED, 1, &value, CAP_SET);
            cap_set_flag(caps.get(), CAP_EFFECTIVE, 1, &value, CAP_SET);
        }
    }
    shrink_bounding_set(kept);
    if (cap_set_proc(caps.get()) != 0) {
        return fail("give up capabilities", {}, errno);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail("give up gaining privileges", {}, errno);
    }
    return {};
}

Result<void> set_oom_score_adj(int score) {
    constexpr const char* kPath = "/proc/self/oom_score_adj";
    const std::string text = std::to_string(score);
    const Fd file(open(kPath, O_WRONLY | O_CLOEXEC));
    if (!file || write(file.get(), text.data(), text.size()) < 0) {
        return fail("write " + text, kPath, errno);
    }
    return {};
}

}  // namespace sy
