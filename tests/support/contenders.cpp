#include "tests/support/contenders.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace sy::lab {
namespace {

/// What a backend looks like from outside, and in which forms it comes.
struct Form {
    std::string_view backend;
    std::string_view name;
    std::unique_ptr<OutsideView> (*view)();
    void (*choose)(BackendSettings& settings) = nullptr;
    std::string_view flag{};
    /// Whether this kernel has what it takes; null: every kernel we run on.
    bool (*runs_here)() = nullptr;
};

bool has_ipvs() {
    return std::filesystem::exists("/proc/net/ip_vs") ||
           std::system("modprobe -q ip_vs >/dev/null 2>&1") == 0;
}

constexpr std::array kForms{
    Form{.backend = "nftables", .name = "nftables", .view = view_of_nftables},
    Form{.backend = "ebpf", .name = "ebpf", .view = view_of_ebpf},
    Form{.backend = "iptables",
         .name = "iptables_legacy",
         .view = view_of_iptables_legacy,
         .choose = [](BackendSettings& s) { s.iptables.variant = IptablesVariant::legacy; },
         .flag = "--iptables-variant=legacy"},
    Form{.backend = "iptables",
         .name = "iptables_nft",
         .view = view_of_iptables_nft,
         .choose = [](BackendSettings& s) { s.iptables.variant = IptablesVariant::nft; },
         .flag = "--iptables-variant=nft"},
    // Kernels without IPVS, that of this repository's CI among them, leave it to the virtual
    // machine.
    Form{.backend = "ipvs", .name = "ipvs", .view = view_of_ipvs, .runs_here = has_ipvs},
};

std::vector<Contender> find() {
    std::vector<Contender> all;
    for (const BackendEntry& entry : backends()) {
        bool known = false;
        for (const Form& form : kForms) {
            if (form.backend != entry.name) {
                continue;
            }
            known = true;
            if (form.runs_here == nullptr || form.runs_here()) {
                std::vector<std::string> flags;
                if (!form.flag.empty()) {
                    flags.emplace_back(form.flag);
                }
                all.push_back({form.name, &entry, form.view(), form.choose, std::move(flags)});
            }
        }
        if (!known) {
            std::cerr << "teach tests/support/contenders.cpp of the backend " << entry.name << "\n";
            std::abort();
        }
    }
    return all;
}

}  // namespace

const std::vector<Contender>& contenders() {
    static const std::vector<Contender> kAll = find();
    return kAll;
}

}  // namespace sy::lab
