// End to end: manifest files, the real program, real packets. Nothing here knows how the daemon
// does it; everything is asked of the kernel by packets or of the files it left.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/daemon.h"
#include "tests/support/expect.h"
#include "tests/support/http_probe.h"
#include "tests/support/manifests.h"

namespace sy::lab {

class DaemonTest : public testing::TestWithParam<Family> {
  protected:
    DaemonTest();
    void TearDown() override;

    Family family() const { return GetParam(); }
    const Lab& lab() const { return *shared_lab(); }
    IpAddr vip(unsigned n) const { return cluster_ip(family(), n); }
    IpAddr lb(unsigned n) const { return load_balancer_ip(family(), n); }
    IpAddr bulk_ip(unsigned n) const { return lab::bulk_ip(family(), n); }
    IpAddr node_ip() const { return address(Place::node, family()); }
    IpAddr at(Place place) const { return address(place, family()); }

    /// Node, ServiceCIDR: what cluster.yaml holds from the start.
    static std::string cluster_manifest();
    /// A slice of the family with ready endpoints on port 8080.
    std::string pods(std::string_view service, std::vector<Place> places,
                     Protocol protocol = Protocol::tcp, Port port = kServerPort) const;
    /// A TCP Service on a ClusterIP, port 80.
    std::string web(std::string_view name, unsigned n) const;

    void start(std::vector<std::string> more = {});
    /// Sooner or later new connections lead to exactly `expected` (also {"refused"}, {"silent"}).
    testing::AssertionResult becomes(const Flow& flow, const std::set<std::string>& expected) const;
    /// The whole ruleset of the node as listed by another program.
    std::string ruleset() const;
    /// One GET from a place of the lab, on a connection of its own.
    Result<HttpAnswer> get(Place from, const SocketAddress& address, std::string_view path) const;
    /// Of the daemon's metrics, asked on the node: the value of a series as text, "" if there is
    /// none.
    std::string metric(const std::string& series) const;
    std::string node_command(const std::vector<std::string>& argv) const;

    ManifestFolder folder;
    std::unique_ptr<Daemon> daemon;
};

/// Polls until `condition` holds; false if it does not for a very long time.
bool eventually(const std::function<bool()>& condition);

std::string family_name(const testing::TestParamInfo<Family>& info);

#define SY_EVERY_FAMILY(fixture)                                                      \
    INSTANTIATE_TEST_SUITE_P(Families, fixture,                                       \
                             testing::Values(::sy::Family::ipv4, ::sy::Family::ipv6), \
                             ::sy::lab::family_name)

}  // namespace sy::lab
