#include "cli/observe_filter.h"

#include <string_view>

namespace sy {
namespace {

/// The kernel keeps no more of a process's name.
constexpr std::size_t kProcessName = 15;

/// True if `text` is `begin`, or goes on after it with `separator`.
bool continues(std::string_view text, std::string_view begin, char separator) {
    return text.starts_with(begin) &&
           (text.size() == begin.size() || text[begin.size()] == separator);
}

std::string_view without_slashes(std::string_view path) {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
}

}  // namespace

bool ObserveFilter::wants(const ebpf::Observation& seen) const {
    if (!service.empty() && !continues(seen.service, service, ':')) {
        return false;
    }
    if (!ns.empty() && !continues(seen.service, ns, '/')) {
        return false;
    }
    if (!process.empty() && seen.process != process.substr(0, kProcessName)) {
        return false;
    }
    if (!cgroup.empty() && !continues(seen.cgroup, without_slashes(cgroup), '/')) {
        return false;
    }
    if (address && seen.vip.ip != *address && (seen.refused || seen.endpoint.ip != *address)) {
        return false;
    }
    return !refused || seen.refused;
}

}  // namespace sy
