#include "config/ebpf_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sy {
namespace {

/// Without slashes at its end.
std::string_view trimmed(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
}

/// From the root, and without detours.
bool is_plain(std::string_view path) {
    if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) {
        return false;
    }
    path = trimmed(path);
    while (path.size() > 1) {
        path.remove_prefix(1);
        const auto name = path.substr(0, path.find('/'));
        if (name.empty() || name == "." || name == "..") {
            return false;
        }
        path.remove_prefix(name.size());
    }
    return true;
}

class Reader {
  public:
    Reader(const EbpfConfig& given, const Complain& complain)
        : given_(given), complain_(complain) {}

    void read_places(EbpfSettings& out) const {
        out.bpf_root = path("switchyard.ebpf.bpfRoot", given_.bpf_root, "/sys/fs/bpf/switchyard");
        if (out.bpf_root == "/") {
            complain_("switchyard.ebpf.bpfRoot",
                      "is the root of the file system; give a folder in a bpffs such as "
                      "/sys/fs/bpf/switchyard");
        }
        if (!given_.cgroup_root.empty()) {
            out.cgroup_root =
                path("switchyard.ebpf.cgroupRoot", given_.cgroup_root, "/sys/fs/cgroup");
        }
    }

    void read_rest(EbpfSettings& out) const {
        out.max_frontends = static_cast<uint32_t>(*given_.max_frontends);
        out.max_services = static_cast<uint32_t>(*given_.max_services);
        out.max_endpoints = static_cast<uint32_t>(*given_.max_endpoints);
        out.affinity_clients = static_cast<uint32_t>(*given_.affinity_clients);
        out.show_vip = *given_.show_vip;
        out.skip_cgroups = paths("switchyard.ebpf.skipCgroups", given_.skip_cgroups,
                                 "/system.slice/sshd.service, as /proc/PID/cgroup has it");
        if (std::ranges::find(out.skip_cgroups, "/") != out.skip_cgroups.end()) {
            complain_("switchyard.ebpf.skipCgroups", "\"/\" is every process there is");
        }
        out.skip_netns = paths("switchyard.ebpf.skipNetns", given_.skip_netns, "/run/netns/NAME");
    }

  private:
    std::string path(std::string_view field, std::string_view text,
                     std::string_view example) const {
        if (!is_plain(text)) {
            complain_(field, fmt::format("\"{}\" is not an absolute path without \".\" and \"..\"; "
                                         "give one such as {}",
                                         text, example));
        }
        return std::string(trimmed(text));
    }

    std::vector<std::string> paths(std::string_view field, const std::vector<std::string>& texts,
                                   std::string_view example) const {
        std::vector<std::string> out;
        out.reserve(texts.size());
        for (const std::string& text : texts) {
            out.push_back(path(field, text, example));
        }
        return out;
    }

    const EbpfConfig& given_;
    const Complain& complain_;
};

}  // namespace

EbpfSettings ebpf_settings(const ProxyConfig& config, const Complain& complain) {
    EbpfSettings out;
    const Reader reader(config.switchyard.ebpf, complain);
    reader.read_places(out);
    if (config.mode == "ebpf") {
        reader.read_rest(out);
    }
    return out;
}

}  // namespace sy
