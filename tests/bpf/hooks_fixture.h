// The stage of the tests with real sockets: hooks, a few Services, three pods that serve them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/bpf/client.h"
#include "tests/bpf/hooks.h"
#include "tests/support/expect.h"

namespace sy::bpf_test {

using lab::Place;

/// A socket's family, and who has it: a process of the node or one of a pod.
using Who = std::tuple<Flavor, Place>;

inline constexpr std::array kFlavors{kV4, kMapped, kV6};

inline std::string name_of(const testing::TestParamInfo<Who>& test) {
    const auto& [flavor, place] = test.param;
    return flavor.to_string() + "_" + std::string(lab::to_string(place));
}

/// Services have one id per protocol: 2 * n for TCP, 2 * n + 1 for UDP. No packet path is there:
/// what is not translated is never answered.
class HooksTest : public testing::Test {
  protected:
    void SetUp() override {
        hooks_ = Hooks::attach();
        ASSERT_TRUE(hooks_) << loader_log();
    }

    virtual Flavor flavor() const { return kV4; }
    virtual Place place() const { return Place::node; }

    Maps& maps() { return hooks_->maps(); }
    Family family() const { return flavor().flow; }
    Client client(Protocol protocol) const { return {place(), flavor(), protocol}; }
    Client client_at(Place other, Protocol protocol) const { return {other, flavor(), protocol}; }

    IpAddr at(Place where) const { return lab::address(where, family()); }
    EndpointAddr vip(unsigned n) const { return {lab::cluster_ip(family(), n), Port(80)}; }
    EndpointAddr server(Place where) const { return {at(where), lab::kServerPort}; }
    EndpointAddr node_port(const IpAddr& address) const { return {address, Port(30080)}; }
    IpAddr loopback() const {
        return flavor().pick(IpAddr::v4(127, 0, 0, 1), IpAddr::parse("::1").value());
    }

    static uint32_t id_of(unsigned n, Protocol protocol) {
        return 2 * n + (protocol == Protocol::udp ? 1 : 0);
    }
    /// Service n on vip(n), TCP and UDP, with its endpoints in these places.
    void serve(unsigned n, const std::vector<Place>& places, uint16_t flags = 0) {
        for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
            change(n, protocol, places, flags);
            maps().frontend({vip(n).ip, vip(n).port, protocol}, id_of(n, protocol));
        }
    }
    /// Another list for Service n.
    void change(unsigned n, Protocol protocol, const std::vector<Place>& places,
                uint16_t flags = 0) {
        std::vector<EndpointAddr> endpoints;
        endpoints.reserve(places.size());
        for (const Place where : places) {
            endpoints.push_back(server(where));
        }
        const uint32_t id = id_of(n, protocol);
        maps().list(id, id * 8, endpoints, flags);
    }
    /// The same Service as a NodePort.
    void serve_node_port(unsigned n) {
        for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
            maps().frontend({vip(n).ip, Port(30080), protocol, true}, id_of(n, protocol));
        }
    }
    void configure(uint32_t flags) { hooks_->configure(flags); }
    uint64_t statistic(sy_statistic which) { return maps().statistic(which); }

    static const std::vector<Place>& pods() {
        static const std::vector<Place> kAll{Place::pod1, Place::pod2, Place::podr};
        return kAll;
    }

    std::unique_ptr<Hooks> hooks_;
};

class SocketTest : public HooksTest, public testing::WithParamInterface<Who> {
  protected:
    Flavor flavor() const override { return std::get<0>(GetParam()); }
    Place place() const override { return std::get<1>(GetParam()); }
};

/// Tries until all of `expected` answered; each other answer is a failure. Random choice makes 200
/// tries without one of three as unlikely as 1 in 10^35.
inline void expect_all(const std::set<std::string>& expected,
                       const std::function<std::string()>& attempt) {
    std::set<std::string> seen;
    for (int i = 0; i < 200 && seen != expected; ++i) {
        seen.insert(attempt());
    }
    EXPECT_EQ(seen, expected);
}

}  // namespace sy::bpf_test
