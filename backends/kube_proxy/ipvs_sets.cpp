#include "backends/kube_proxy/ipvs_sets.h"

#include <algorithm>
#include <array>

namespace sy::kube_proxy {
namespace {

constexpr std::string_view kAll = "KUBE-";
// Sets for IPv6 have it in the place of the former.
constexpr std::string_view kIpv6 = "KUBE-6-";

constexpr std::array<std::string_view, 17> kNames{"LOOP-BACK",
                                                  "CLUSTER-IP",
                                                  "EXTERNAL-IP",
                                                  "EXTERNAL-IP-LOCAL",
                                                  "LOAD-BALANCER",
                                                  "LOAD-BALANCER-LOCAL",
                                                  "LOAD-BALANCER-FW",
                                                  "LOAD-BALANCER-SOURCE-IP",
                                                  "LOAD-BALANCER-SOURCE-CIDR",
                                                  "NODE-PORT-TCP",
                                                  "NODE-PORT-LOCAL-TCP",
                                                  "NODE-PORT-UDP",
                                                  "NODE-PORT-LOCAL-UDP",
                                                  "NODE-PORT-SCTP-HASH",
                                                  "NODE-PORT-LOCAL-SCTP-HASH",
                                                  "HEALTH-CHECK-NODE-PORT",
                                                  "IPVS-IPS"};

}  // namespace

bool is_ipvs_set(std::string_view name) {
    const auto prefix = name.starts_with(kIpv6) ? kIpv6 : kAll;
    if (!name.starts_with(prefix)) {
        return false;
    }
    name.remove_prefix(prefix.size());
    // An IPv6 name of more than 31 characters is cut.
    return std::ranges::any_of(kNames, [&](std::string_view known) {
        return known == name || known.substr(0, 31 - prefix.size()) == name;
    });
}

}  // namespace sy::kube_proxy
