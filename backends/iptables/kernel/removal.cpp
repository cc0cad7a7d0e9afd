#include "backends/iptables/kernel/removal.h"

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

#include "os/sysctl.h"

namespace sy::iptables {
namespace {

constexpr const char* kRouteLocalnet = "net/ipv4/conf/all/route_localnet";
constexpr const char* kWeAllowedIt = "sy4-route-localnet";

}  // namespace

IptablesVariant opposite(IptablesVariant variant) {
    return variant == IptablesVariant::nft ? IptablesVariant::legacy : IptablesVariant::nft;
}

Result<void> remove_from(IptablesVariant variant, Log& log) {
    const std::string name = std::string(to_string(variant)) + " variant of iptables";
    const auto removed = Rules(variant).remove_all([&](const Error& error) {
        log.warning("rules of ours cannot be looked for in the " + name + ": " + error.message());
    });
    if (!removed) {
        return std::unexpected(removed.error());
    }
    if (*removed) {
        log.info("removed our rules from the " + name);
    }
    return {};
}

Result<void> remove_sets(Sets& sets) {
    const auto headers = sets.headers();
    if (!headers) {
        return std::unexpected(headers.error());
    }
    for (const ListedSet& listed : *headers) {
        const auto set = set_of_name(listed.name);
        const bool is_ours = set && check_type(listed, *set);
        const bool is_marker = listed.name == kWeAllowedIt;
        if (is_marker) {
            if (const auto done = Sysctl().write(kRouteLocalnet, 0); !done) {
                return done;
            }
        }
        if (is_ours || is_marker) {
            const auto done = sets.destroy(listed.name);
            if (!done && done.error().code != ENOENT) {
                return done;
            }
        }
    }
    return {};
}

Result<void> allow_localnet(Sets& sets) {
    const auto value = Sysctl().read(kRouteLocalnet);
    if (!value) {
        return std::unexpected(value.error());
    }
    if (*value != 0) {
        return {};
    }
    const auto made = sets.create({kWeAllowedIt, SetType::ip, Family::ipv4, 0});
    if (!made && made.error().code != EEXIST) {
        return made;
    }
    return Sysctl().write(kRouteLocalnet, 1);
}

Result<void> remove_all(Log& log) {
    for (const auto variant : {IptablesVariant::nft, IptablesVariant::legacy}) {
        if (const auto done = remove_from(variant, log); !done) {
            return done;
        }
    }
    if (!Sets::are_loaded()) {
        return {};
    }
    auto sets = Sets::open();
    return sets ? remove_sets(*sets) : std::unexpected(sets.error());
}

}  // namespace sy::iptables
