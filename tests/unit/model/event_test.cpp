#include "model/event.h"

#include <gtest/gtest.h>

#include "build.h"

namespace sy {
namespace {

using namespace test;

TEST(ObjectKey, IdentifiesObjectsOfEveryKind) {
    EXPECT_EQ(key_of(service("web", "10.96.0.1")), (ObjectKey{Kind::service, "default", "web"}));
    EXPECT_EQ(key_of(slice("web", "web-1", {})),
              (ObjectKey{Kind::endpoint_slice, "default", "web-1"}));
    EXPECT_EQ(key_of(Node{"n1", "", {}, {}}), (ObjectKey{Kind::node, "", "n1"}));
    EXPECT_EQ(key_of(ServiceCidr{"kubernetes", {}}),
              (ObjectKey{Kind::service_cidr, "", "kubernetes"}));
}

TEST(ObjectKey, PrintsKindAndName) {
    EXPECT_EQ((ObjectKey{Kind::service, "default", "web"}).to_string(), "Service default/web");
    EXPECT_EQ((ObjectKey{Kind::endpoint_slice, "a", "b"}).to_string(), "EndpointSlice a/b");
    EXPECT_EQ((ObjectKey{Kind::node, "", "n1"}).to_string(), "Node n1");
    EXPECT_EQ((ObjectKey{Kind::service_cidr, "", "k"}).to_string(), "ServiceCIDR k");
}

}  // namespace
}  // namespace sy
