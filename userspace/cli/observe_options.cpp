#include "cli/observe_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <vector>

#include "cli/load.h"
#include "cli/log_text.h"
#include "config/values.h"

namespace sy {
namespace {

constexpr std::string_view kWhich = "Which events";
constexpr std::string_view kHow = "How they are shown";

constexpr std::array kOwn{
    FlagSpec{.name = "service",
             .type = "NAMESPACE/NAME",
             .group = kWhich,
             .help = "Of this Service; \":PORT\" behind it: of this port",
             .fields = {}},
    FlagSpec{.name = "namespace",
             .type = "NAME",
             .group = kWhich,
             .help = "Of Services of this namespace",
             .fields = {}},
    FlagSpec{.name = "process",
             .type = "NAME",
             .group = kWhich,
             .help = "Of processes of this name",
             .fields = {}},
    FlagSpec{.name = "cgroup",
             .type = "PATH",
             .group = kWhich,
             .help = "Of processes in this cgroup or below",
             .fields = {}},
    FlagSpec{.name = "address",
             .type = "IP",
             .group = kWhich,
             .help = "To this address of a Service, or sent to this endpoint",
             .fields = {}},
    FlagSpec{.name = "refused",
             .type = {},
             .group = kWhich,
             .help = "Only what was refused for want of endpoints",
             .fields = {}},
    FlagSpec{.name = "output",
             .type = "FORMAT",
             .group = kHow,
             .help = "text, or json: one object per line (default: text)",
             .fields = {},
             .letter = 'o'},
    FlagSpec{.name = "count",
             .type = "NUMBER",
             .group = kHow,
             .help = "End after so many",
             .fields = {}},
};

Error wrong(std::string_view flag, std::string_view what) {
    return {.what = printable(fmt::format("--{}: {}", flag, what)), .on = {}, .code = 0};
}

Result<ObserveFilter> read_filter(const Flags& flags) {
    ObserveFilter out{.service = flags.value("service"),
                      .ns = flags.value("namespace"),
                      .process = flags.value("process"),
                      .cgroup = flags.value("cgroup"),
                      .address = {},
                      .refused = flags.on("refused")};
    if (!out.service.empty() && out.service.find('/') == std::string::npos) {
        return std::unexpected(
            wrong("service", fmt::format("\"{}\" has no namespace; give one such as default/{}",
                                         out.service, out.service)));
    }
    if (!out.cgroup.empty() && !out.cgroup.starts_with('/')) {
        return std::unexpected(
            wrong("cgroup", fmt::format("\"{}\" does not begin with \"/\"; give a path as "
                                        "/proc/PID/cgroup has it",
                                        out.cgroup)));
    }
    if (const auto text = flags.value("address"); !text.empty()) {
        out.address = IpAddr::parse(text);
        if (!out.address) {
            return std::unexpected(
                wrong("address", fmt::format("\"{}\" is not an IP address", text)));
        }
    }
    return out;
}

}  // namespace

std::span<const FlagSpec> observe_flag_specs() {
    // Of the others it takes what cleanup takes: places, and how to log.
    static const auto kAll = [] {
        std::vector<FlagSpec> out(kOwn.begin(), kOwn.end());
        std::ranges::copy(cleanup_flag_specs(), std::back_inserter(out));
        return out;
    }();
    return kAll;
}

Result<ObserveOptions> load_observe_options(const Flags& flags) {
    // The same flags mean the same there.
    auto common = load_cleanup_options(flags);
    if (!common) {
        return std::unexpected(common.error());
    }
    auto filter = read_filter(flags);
    if (!filter) {
        return std::unexpected(filter.error());
    }
    ObserveOptions out{.log = common->log,
                       .bpf_root = std::move(common->backend.ebpf.bpf_root),
                       .cgroup_root = std::move(common->backend.ebpf.cgroup_root),
                       .filter = std::move(*filter),
                       .json = flags.value("output") == "json",
                       .count = 0};
    const auto format = flags.value("output");
    if (flags.given("output") && !is_log_format(format)) {
        return std::unexpected(wrong(
            "output", fmt::format("there is no format \"{}\"; give one of: text, json", format)));
    }
    if (flags.given("count")) {
        int64_t count = 0;
        constexpr Whole kRange{1, std::numeric_limits<int64_t>::max()};
        if (const auto fault = parse_text(flags.value("count"), count, kRange)) {
            return std::unexpected(wrong("count", *fault));
        }
        out.count = static_cast<uint64_t>(count);
    }
    return out;
}

}  // namespace sy
