#include "backends/ipvs/kernel/probe.h"

#include <linux/ip_vs.h>
#include <unistd.h>

#include <cerrno>

#include "backends/ipvs/kernel/family.h"
#include "backends/ipvs/kernel/mark.h"
#include "base/text.h"
#include "os/subprocess.h"

namespace sy::ipvs {
namespace {

constexpr const char* kOtherModes = "choose another --proxy-mode: nftables, ebpf or iptables";

/// Empty if the module was loaded, otherwise why not.
std::string modprobe(const std::string& module) {
    const auto done = run_program({.argv = {"modprobe", "--", module}});
    if (!done) {
        return done.error().code == ENOENT ? "there is no program modprobe here"
                                           : done.error().message();
    }
    return done->status == 0 ? "" : printable(done->err.substr(0, done->err.find('\n')));
}

/// The kernel's own way of loading modules works in a container too, hence it is tried first.
Result<void> load(Servers& servers) {
    if (const auto loaded = load_family(); !loaded) {
        return std::unexpected(loaded.error());
    }
    auto there = servers.available();
    if (!there || *there) {
        return there ? Result<void>() : std::unexpected(there.error());
    }
    const std::string why = modprobe("ip_vs");
    there = servers.available();
    if (!there || *there) {
        return there ? Result<void>() : std::unexpected(there.error());
    }
    return fail("the kernel has no IPVS: load the module ip_vs on this node (CONFIG_IP_VS), or " +
                std::string(kOtherModes) + (why.empty() ? "" : " (modprobe ip_vs: " + why + ")"));
}

Change server_change(Change::Kind kind, Family family, const std::string& scheduler) {
    return {.kind = kind,
            .server = {.key = {family, kProbeMark}, .scheduler = scheduler},
            .destination = {},
            .owner = 0};
}

Error explain(Family family, const std::string& scheduler, const Error& error) {
    switch (error.code) {
        case EPERM:
            return {"not allowed to change IPVS: CAP_NET_ADMIN is needed", "", EPERM};
        case ENOENT:
            return {"the kernel has no IPVS scheduler \"" + printable(scheduler) +
                        "\": load the module ip_vs_" + printable(scheduler) +
                        " on this node, or choose another scheduler",
                    "", 0};
        case EAFNOSUPPORT:
            return {"the kernel's IPVS cannot do " + std::string(to_string(family)) +
                        " (CONFIG_IP_VS_IPV6): " + kOtherModes,
                    "", 0};
        default:
            return {"the kernel refuses a virtual server found by a mark (" +
                        std::string(to_string(family)) + "): " + kOtherModes,
                    "", error.code};
    }
}

/// A server that no packet can find, made and removed.
Result<void> try_server(Servers& servers, Family family, const std::string& scheduler) {
    const auto add = server_change(Change::Kind::add_server, family, scheduler);
    auto made = servers.commit({add});
    if (!made && made.error().error.code == ENOENT) {
        (void)modprobe("ip_vs_" + scheduler);  // what it says is not better than explain()
        made = servers.commit({add});
    }
    if (!made) {
        return std::unexpected(explain(family, scheduler, made.error().error));
    }
    const auto gone = servers.commit({server_change(Change::Kind::remove_server, family, "")});
    return gone ? Result<void>() : std::unexpected(gone.error().error);
}

}  // namespace

Result<void> probe_features(Servers& servers, const Sysctl& sysctl, const std::string& scheduler) {
    if (auto loaded = load(servers); !loaded) {
        return loaded;
    }
    if (scheduler.empty() || scheduler.size() >= IP_VS_SCHEDNAME_MAXLEN ||
        scheduler.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
        return std::unexpected(
            Error{"\"" + printable(scheduler) + "\" is no name of an IPVS scheduler", "", 0});
    }
    for (const Family family : kFamilies) {
        if (auto done = try_server(servers, family, scheduler); !done) {
            return done;
        }
    }
    if (const auto conntrack = sysctl.read("net/ipv4/vs/conntrack"); !conntrack) {
        return fail(
            "the kernel's IPVS does not work together with conntrack (CONFIG_IP_VS_NFCT): " +
                std::string(kOtherModes),
            "net.ipv4.vs.conntrack", conntrack.error().code);
    }
    return {};
}

}  // namespace sy::ipvs
