#include "serve/no_local.h"

#include <gtest/gtest.h>

#include "build.h"

namespace sy {
namespace {

using test::port;
using Counts = NoLocalEndpoints::Counts;

ServicePlan plan(const std::string& name, std::vector<PortPlan> ports) {
    ServicePlan out;
    out.name = {"shop", name};
    out.ports = std::move(ports);
    return out;
}

PortPlan lacking(Family family, bool internal, bool external) {
    PortPlan out = port(family);
    out.no_local_internal = internal;
    out.no_local_external = external;
    return out;
}

TEST(NoLocalEndpoints, CountsPortsByFamilyAndPolicy) {
    NoLocalEndpoints table;
    table.committed(plan("a", {lacking(Family::ipv4, true, false)}));
    table.committed(
        plan("b", {lacking(Family::ipv4, true, true), lacking(Family::ipv4, false, true),
                   lacking(Family::ipv6, false, true)}));
    table.committed(plan("c", {port(Family::ipv4)}));
    EXPECT_EQ(table.total(), (Counts{.internal = {2, 0}, .external = {2, 1}}));
    table.committed(plan("b", {lacking(Family::ipv4, false, true)}));
    EXPECT_EQ(table.total(), (Counts{.internal = {1, 0}, .external = {1, 0}}));
    table.committed(plan("a", {port(Family::ipv4)}));
    table.removed({"shop", "b"});
    table.removed({"shop", "nobody"});
    EXPECT_EQ(table.total(), Counts{});
}

}  // namespace
}  // namespace sy
