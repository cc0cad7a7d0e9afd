#include "model/merge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "build.h"

namespace sy {
namespace {

using namespace test;

class Merge : public ::testing::Test {
  protected:
    std::vector<Candidate> merge(const std::vector<EndpointSlice>& slices,
                                 Family family = Family::ipv4, Protocol protocol = Protocol::tcp,
                                 std::string_view port = "") {
        kept_ = slices;
        std::vector<const EndpointSlice*> pointers;
        for (const auto& s : kept_) {
            pointers.push_back(&s);
        }
        return merge_endpoints(pointers, family, protocol, port);
    }
    /// "ip:port" of each, with the state letter.
    std::vector<std::string> found(const std::vector<Candidate>& candidates) {
        std::vector<std::string> all;
        for (const auto& c : candidates) {
            const char state = c.endpoint->ready ? 'R' : c.endpoint->terminating ? 'T' : 'X';
            all.push_back(c.address.ip.to_string() + ":" + std::to_string(c.address.port.number()) +
                          state);
        }
        return all;
    }

    Names names;

  private:
    std::vector<EndpointSlice> kept_;
};

using Found = std::vector<std::string>;

TEST_F(Merge, OneSliceTwoHostsTwoPorts) {
    auto s = slice("web", "s1", {names.endpoint("10.0.0.2"), names.endpoint("10.0.0.1")});
    s.ports = {{"http", Protocol::tcp, Port(80)}, {"https", Protocol::tcp, Port(443)}};
    EXPECT_EQ(found(merge({s}, Family::ipv4, Protocol::tcp, "http")),
              (Found{"10.0.0.1:80R", "10.0.0.2:80R"}));
    EXPECT_EQ(found(merge({s}, Family::ipv4, Protocol::tcp, "https")),
              (Found{"10.0.0.1:443R", "10.0.0.2:443R"}));
    EXPECT_EQ(found(merge({s})), Found{});
}

TEST_F(Merge, SlicesAreUnitedAndMayUseDifferentNumbers) {
    auto other = slice("web", "s2", {names.endpoint("10.0.0.1"), names.endpoint("10.0.0.3")});
    other.ports = {{"", Protocol::tcp, Port(9090)}};
    EXPECT_EQ(found(merge({slice("web", "s1", {names.endpoint("10.0.0.1")}), other})),
              (Found{"10.0.0.1:8080R", "10.0.0.1:9090R", "10.0.0.3:9090R"}));
}

TEST_F(Merge, ProtocolIsPartOfThePort) {
    auto s = slice("dns", "s1", {names.endpoint("10.0.0.1")});
    s.ports = {{"dns", Protocol::tcp, Port(53)}, {"dns", Protocol::udp, Port(5353)}};
    EXPECT_EQ(found(merge({s}, Family::ipv4, Protocol::udp, "dns")), Found{"10.0.0.1:5353R"});
    EXPECT_EQ(found(merge({s}, Family::ipv4, Protocol::sctp, "dns")), Found{});
}

TEST_F(Merge, SameAddressInFourSlicesIsOneEndpoint) {
    std::vector<EndpointSlice> slices;
    for (const auto* name : {"s1", "s2", "s3", "s4"}) {
        slices.push_back(slice("web", name, {names.endpoint("10.0.0.1"), names.local("10.0.0.2")}));
    }
    EXPECT_EQ(found(merge(slices)), (Found{"10.0.0.1:8080R", "10.0.0.2:8080R"}));
}

TEST_F(Merge, RunningPodWinsOverTerminatingOneInAnyOrder) {
    const auto dying = slice("web", "a", {names.endpoint("10.0.0.1", 'T')});
    const auto starting = slice("web", "b", {names.endpoint("10.0.0.1", 'X')});
    EXPECT_EQ(found(merge({dying, starting})), Found{"10.0.0.1:8080X"});
    EXPECT_EQ(found(merge({starting, dying})), Found{"10.0.0.1:8080X"});
}

TEST_F(Merge, ReadyWinsOverUnready) {
    const auto ready = slice("web", "b", {names.endpoint("10.0.0.1")});
    const auto unready = slice("web", "a", {names.endpoint("10.0.0.1", 'X')});
    EXPECT_EQ(found(merge({ready, unready})), Found{"10.0.0.1:8080R"});
    EXPECT_EQ(found(merge({unready, ready})), Found{"10.0.0.1:8080R"});
}

TEST_F(Merge, OtherwiseTheSmallerSliceNameWins) {
    const auto here = slice("web", "a", {names.local("10.0.0.1")});
    const auto there = slice("web", "b", {names.endpoint("10.0.0.1")});
    for (const auto& slices : {std::vector{here, there}, std::vector{there, here}}) {
        const auto merged = merge(slices);
        ASSERT_EQ(merged.size(), 1U);
        EXPECT_EQ(names.symbols.text(merged[0].endpoint->node), "here");
    }
}

TEST_F(Merge, UnusableSlicesAreIgnored) {
    auto headless = slice("web", "a", {names.endpoint("10.0.0.1")});
    headless.headless = true;
    auto fqdn = slice("web", "b", {names.endpoint("10.0.0.2")});
    fqdn.family.reset();
    const auto v6 = slice("web", "c", {names.endpoint("fd00::1")});
    EXPECT_EQ(found(merge({headless, fqdn, v6})), Found{});
    EXPECT_EQ(found(merge({headless, fqdn, v6}, Family::ipv6)), Found{"fd00::1:8080R"});
}

TEST_F(Merge, AddressesOfAnotherFamilyOrNoneAreIgnored) {
    EXPECT_EQ(found(merge({slice("web", "a",
                                 {names.endpoint("10.0.0.1"), names.endpoint("fd00::1"),
                                  names.endpoint("0.0.0.0")})})),
              Found{"10.0.0.1:8080R"});
}

TEST_F(Merge, PortWithoutNumberIsIgnored) {
    auto s = slice("web", "a", {names.endpoint("10.0.0.1")});
    s.ports = {{"", Protocol::tcp, Port()}, {"", Protocol::tcp, Port(8080)}};
    EXPECT_EQ(found(merge({s})), Found{"10.0.0.1:8080R"});
}

TEST_F(Merge, OrderOfSlicesDoesNotMatter) {
    std::vector<EndpointSlice> slices{
        slice("web", "a", {names.endpoint("10.0.0.1", 'T'), names.endpoint("10.0.0.2")}),
        slice("web", "b", {names.local("10.0.0.1"), names.endpoint("10.0.0.2", 'X')}),
        slice("web", "c", {names.endpoint("10.0.0.1"), names.endpoint("10.0.0.2", 'T')})};
    const auto by_name = [](const EndpointSlice& a, const EndpointSlice& b) {
        return a.name < b.name;
    };
    const auto expected = found(merge(slices));
    while (std::ranges::next_permutation(slices, by_name).found) {
        EXPECT_EQ(found(merge(slices)), expected);
    }
}

}  // namespace
}  // namespace sy
