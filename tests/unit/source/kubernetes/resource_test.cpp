#include "source/kubernetes/resource.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

TEST(Resource, TargetsNameGroupVersionAndSelectors) {
    EXPECT_EQ(target_of(services_resource(), 0, "limit=500"),
              "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name&"
              "fieldSelector=spec.clusterIP%21%3DNone&limit=500");
    EXPECT_EQ(target_of(slices_resource(), 0, ""),
              "/apis/discovery.k8s.io/v1/endpointslices?labelSelector="
              "%21service.kubernetes.io%2Fheadless");
    EXPECT_EQ(target_of(node_resource("n 1&x=ä"), 0, ""),
              "/api/v1/nodes?fieldSelector=metadata.name%3Dn%201%26x%3D%C3%A4");
    EXPECT_EQ(target_of(service_cidrs_resource(), 0, ""),
              "/apis/networking.k8s.io/v1/servicecidrs");
    EXPECT_EQ(target_of(service_cidrs_resource(), 1, "a=b"),
              "/apis/networking.k8s.io/v1beta1/servicecidrs?a=b");
}

TEST(Resource, ApiVersionIsThatOfTheObjects) {
    EXPECT_EQ(services_resource().api_version(0), "v1");
    EXPECT_EQ(service_cidrs_resource().api_version(1), "networking.k8s.io/v1beta1");
}

}  // namespace
}  // namespace sy
