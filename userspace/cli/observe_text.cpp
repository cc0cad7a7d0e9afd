#include "cli/observe_text.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/log_text.h"

namespace sy {
namespace {

using std::chrono::floor;
using std::chrono::nanoseconds;

std::string address(const EndpointAddr& at) {
    return SocketAddress{at.ip, at.port}.to_string();
}

/// "12:34:56.789", as many digits as `Digits` has room for.
template <class Digits>
std::string clock(const ebpf::Observation& seen) {
    const auto since_midnight = seen.time - floor<std::chrono::days>(seen.time);
    const std::chrono::hh_mm_ss<Digits> time(floor<Digits>(since_midnight));
    return fmt::format("{:02}:{:02}:{:02}.{:0{}}", time.hours().count(), time.minutes().count(),
                       time.seconds().count(), time.subseconds().count(), time.fractional_width);
}

std::string date(const ebpf::Observation& seen) {
    const std::chrono::year_month_day day(floor<std::chrono::days>(seen.time));
    return fmt::format("{:04}-{:02}-{:02}", int(day.year()), unsigned(day.month()),
                       unsigned(day.day()));
}

std::string cgroup(const ebpf::Observation& seen) {
    return seen.cgroup.empty() ? fmt::format("cgroup:{}", seen.cgroup_id) : printable(seen.cgroup);
}

/// A member of a JSON object that is text.
std::string text(std::string_view name, std::string_view value) {
    return fmt::format(R"("{}": "{}")", name, json_escaped(value));
}

}  // namespace

std::string observation_line(const ebpf::Observation& seen) {
    return fmt::format("{} {}({}) {} {} {} {} {}", clock<std::chrono::milliseconds>(seen),
                       printable(seen.process), seen.pid, cgroup(seen), to_string(seen.protocol),
                       address(seen.vip), seen.refused ? "refused" : "-> " + address(seen.endpoint),
                       seen.service.empty() ? "(a Service that is gone)" : printable(seen.service));
}

std::string observation_json(const ebpf::Observation& seen) {
    std::string out = fmt::format(R"({{"time": "{}T{}Z", )", date(seen), clock<nanoseconds>(seen));
    out += text("process", seen.process) + ", ";
    out += fmt::format(R"("pid": {}, "uid": {}, "netns": {}, "cgroupId": {}, )", seen.pid, seen.uid,
                       seen.netns, seen.cgroup_id);
    out += text("cgroup", seen.cgroup) + ", ";
    out += text("protocol", to_string(seen.protocol)) + ", ";
    out += text("address", address(seen.vip)) + ", ";
    out += text("verdict", seen.refused ? "refused" : "translated") + ", ";
    if (!seen.refused) {
        out += text("endpoint", address(seen.endpoint)) + ", ";
    }
    out += fmt::format(R"("connected": {}, )", seen.connected);
    return out + text("service", seen.service) + "}";
}

}  // namespace sy
