#include "config/inert.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/write_config.h"

namespace sy {
namespace {

/// Fields, and sections (with the point), that no mode of ours needs.
constexpr std::array<std::string_view, 14> kNeverUsed{
    "clientConnection.acceptContentTypes",
    "clientConnection.burst",  // there are few requests, and Events have limits of their own
    "clientConnection.qps",
    "configSyncPeriod",  // nothing is kept that a resync could mend
    "enableProfiling",   // Go's profiles
    "featureGates",      // of kube-proxy's own code
    "logging.flushFrequency",
    "logging.options.",
    "logging.vmodule",
    "nftables.masqueradeBit",  // no mark is used
    "portRange",
    "showHiddenMetricsForVersion",
    "windowsRunAsService",
    "winkernel.",
};

bool covers(std::string_view entry, std::string_view path) {
    return entry.ends_with('.') ? path.starts_with(entry) : path == entry;
}

/// What we speak, or kube-proxy's default, in whose place we speak JSON.
bool is_usual_content_type(std::string_view type) {
    return type.empty() || type == "application/json" ||
           type == "application/vnd.kubernetes.protobuf";
}

/// Where mode ebpf keeps what it has: other modes take away there what it has left.
bool is_place_of_ebpf(std::string_view path) {
    return path == "switchyard.ebpf.bpfRoot" || path == "switchyard.ebpf.cgroupRoot";
}

class Judge {
  public:
    Judge(const ProxyConfig& given, std::string_view mode)
        : given_(given),
          own_(section_of(mode)),
          by_default_(given.mode.empty()),
          ebpf_(mode == "ebpf") {}

    bool counts(std::string_view path) const {
        if (path == "clientConnection.contentType") {
            return is_usual_content_type(given_.client_connection.content_type);
        }
        if (std::ranges::any_of(kNeverUsed, [&](auto entry) { return covers(entry, path); })) {
            return false;
        }
        if (path.starts_with("switchyard.ebpf.")) {
            return ebpf_ || is_place_of_ebpf(path);
        }
        if (path == "iptables.masqueradeBit" || path.starts_with("switchyard.iptables.")) {
            return own_ == "iptables";
        }
        const auto section = path.substr(0, path.find('.'));
        if (section != "iptables" && section != "ipvs" && section != "nftables") {
            return true;
        }
        const bool shared = own_ == "ipvs" && path == "iptables.masqueradeAll";
        const bool borrowed = by_default_ && section == "iptables";
        // Where localhost NodePorts are not served, false is what one gets.
        return section == own_ || shared || borrowed || path == "iptables.localhostNodePorts";
    }

  private:
    const ProxyConfig& given_;
    std::string_view own_;
    bool by_default_;
    bool ebpf_;
};

}  // namespace

std::string_view section_of(std::string_view mode) {
    return mode == "iptables" || mode == "ipvs" ? mode : "nftables";
}

SetFields set_fields(const ProxyConfig& given, std::string_view mode) {
    const auto texts = field_texts(given);
    const auto empty = field_texts({});
    const auto defaults = field_texts(complete({}, mode));
    const Judge judge(given, mode);
    SetFields out;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (texts[i] == empty[i] || texts[i] == defaults[i]) {
            continue;
        }
        (judge.counts(texts[i].path) ? out.in_force : out.inert).push_back(texts[i].path);
    }
    return out;
}

}  // namespace sy
