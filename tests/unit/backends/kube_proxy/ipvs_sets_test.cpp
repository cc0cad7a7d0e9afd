#include "backends/kube_proxy/ipvs_sets.h"

#include <gtest/gtest.h>

namespace sy::kube_proxy {
namespace {

TEST(IsIpvsSet, KnowsTheNamesOfBothFamilies) {
    for (const char* name :
         {"KUBE-LOOP-BACK", "KUBE-CLUSTER-IP", "KUBE-LOAD-BALANCER-SOURCE-CIDR",
          "KUBE-NODE-PORT-LOCAL-SCTP-HASH", "KUBE-IPVS-IPS", "KUBE-6-CLUSTER-IP", "KUBE-6-IPVS-IPS",
          "KUBE-6-LOAD-BALANCER-SOURCE-CID", "KUBE-6-NODE-PORT-LOCAL-SCTP-HAS"}) {
        EXPECT_TRUE(is_ipvs_set(name)) << name;
    }
    for (const char* name :
         {"", "KUBE-", "KUBE-6-", "KUBE-ROUTER", "KUBE-CLUSTER-IPS", "CLUSTER-IP", "KUBE-CLUSTER",
          "kube-cluster-ip", "KUBE-6-6-CLUSTER-IP", "KUBE-SRC-ABC"}) {
        EXPECT_FALSE(is_ipvs_set(name)) << name;
    }
}

}  // namespace
}  // namespace sy::kube_proxy
