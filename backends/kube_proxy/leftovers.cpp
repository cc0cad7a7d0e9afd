#include "backends/kube_proxy/leftovers.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <string>

#include "backends/iptables/kernel/foreign_sets.h"
#include "backends/kube_proxy/iptables_rules.h"
#include "backends/kube_proxy/ipvs_leftovers.h"
#include "backends/kube_proxy/ipvs_sets.h"
#include "backends/nftables/kernel/foreign_table.h"
#include "base/text.h"
#include "os/links.h"
#include "os/subprocess.h"

namespace sy::kube_proxy {
namespace {

/// A variant of iptables. Asking the legacy one for its rules would load its modules, so it is only
/// asked where the kernel lists tables of it.
struct Variant {
    std::string save;
    std::string restore;
    const char* tables_file;
};

const std::array<Variant, 4>& variants() {
    static const std::array<Variant, 4> kAll{
        {{"iptables-nft-save", "iptables-nft-restore", nullptr},
         {"ip6tables-nft-save", "ip6tables-nft-restore", nullptr},
         {"iptables-legacy-save", "iptables-legacy-restore", "/proc/net/ip_tables_names"},
         {"ip6tables-legacy-save", "ip6tables-legacy-restore", "/proc/net/ip6_tables_names"}}};
    return kAll;
}

bool has_tables(const char* file) {
    std::string line;
    return file == nullptr || std::getline(std::ifstream(file), line);
}

std::string complaint(const Result<CommandResult>& result) {
    return result ? printable(result->err) : result.error().message();
}

void remove_rules(const Variant& variant, Log& log) {
    constexpr const char* kMend = "; run \"kube-proxy --cleanup\" on this node";
    const auto saved = run_program({.argv = {variant.save}});
    if (!saved && saved.error().code == ENOENT) {
        return;
    }
    if (!saved || saved->status != 0) {
        log.warning("rules that kube-proxy may have left cannot be looked for: " + variant.save +
                    ": " + complaint(saved) + kMend);
        return;
    }
    const std::string removal = removal_of_rules(saved->out);
    if (removal.empty()) {
        return;
    }
    const auto done =
        run_program({.argv = {variant.restore, "--noflush", "--wait", "5"}, .input = removal});
    if (!done || done->status != 0) {
        log.warning("the rules that kube-proxy left cannot be removed: " + variant.restore + ": " +
                    complaint(done) + kMend);
        return;
    }
    log.info("removed the chains that kube-proxy left in " +
             variant.save.substr(0, variant.save.rfind('-')));
}

/// Of ipvs mode, when no rule refers to its sets any more.
void remove_sets(Log& log) {
    const auto removed = iptables::remove_foreign_sets(is_ipvs_set);
    if (!removed) {
        log.warning("sets that kube-proxy left cannot be removed: " + removed.error().message());
    } else if (*removed > 0) {
        log.info("removed " + std::to_string(*removed) + " sets that kube-proxy left");
    }
}

/// The interface on which ipvs mode keeps the addresses of all Services.
void remove_interface(Log& log) {
    constexpr const char* kName = "kube-ipvs0";
    const auto removed = remove_link(kName, "dummy");
    if (!removed) {
        log.warning("the interface that kube-proxy left cannot be removed: " +
                    removed.error().message());
    } else if (*removed) {
        log.info(std::string("removed the interface ") + kName + " that kube-proxy left");
    }
}

}  // namespace

void remove_leftovers(const std::vector<Cidr>& exclude, Log& log) {
    for (const Family family : kFamilies) {
        const auto removed = nft::remove_foreign_table(family, "kube-proxy");
        if (!removed) {
            log.warning("the table that kube-proxy left cannot be removed: " +
                        removed.error().message());
        } else if (*removed) {
            log.info(std::string("removed the ") + std::string(to_string(family)) +
                     " table that kube-proxy left");
        }
    }
    for (const Variant& variant : variants()) {
        if (has_tables(variant.tables_file)) {
            remove_rules(variant, log);
        }
    }
    remove_sets(log);
    if (remove_ipvs_servers(exclude, log)) {
        remove_interface(log);
    }
}

}  // namespace sy::kube_proxy
