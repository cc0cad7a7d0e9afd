// The clusters that benchmarks run on: a real decoder takes every object, and shapes are what they
// are called.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "source/decode.h"
#include "tests/support/api_server_bulk.h"

namespace sy::lab {
namespace {

constexpr std::array kShapes{BulkShape::uniform, BulkShape::skewed, BulkShape::huge,
                             BulkShape::dual_stack, BulkShape::node_ports};

class BulkObjects : public testing::Test {
  protected:
    Service service(const BulkSpec& spec, uint32_t index) {
        std::string json;
        append_bulk_service(json, spec, index, 7);
        return object<Service>(json, {"Service", "v1"});
    }
    EndpointSlice slice(const BulkSpec& spec, const BulkSlice& which) {
        std::string json;
        append_bulk_slice(json, spec, which, 7);
        return object<EndpointSlice>(json, {"EndpointSlice", "discovery.k8s.io/v1"});
    }
    static std::set<IpAddr> addresses(const EndpointSlice& slice) {
        std::set<IpAddr> found;
        for (const Endpoint& endpoint : slice.endpoints) {
            found.insert(endpoint.address);
        }
        return found;
    }

  private:
    template <class T>
    T object(const std::string& json, const ObjectType& type) {
        auto outcome = decoder_.decode(json, type);
        auto* decoded = outcome ? std::get_if<Decoded>(&*outcome) : nullptr;
        if (decoded == nullptr) {
            ADD_FAILURE() << json;
            return {};
        }
        EXPECT_TRUE(decoded->warnings.empty()) << decoded->warnings.front().text();
        EXPECT_EQ(decoded->resource_version, "7");
        return std::get<T>(std::move(decoded->object));
    }

    Symbols symbols_;
    Decoder decoder_{symbols_};
};

TEST_F(BulkObjects, NoTwoServicesShareAnAddress) {
    for (const BulkShape shape : kShapes) {
        const BulkSpec spec{.services = 250, .shape = shape};
        std::set<IpAddr> frontends;
        std::set<IpAddr> endpoints;
        std::size_t expected = 0;
        for (uint32_t i = 0; i < spec.services; ++i) {
            EXPECT_TRUE(frontends.insert(*service(spec, i).cluster_ip).second) << i;
            endpoints.merge(addresses(slice(spec, {.index = i})));
            expected += bulk_endpoints(spec, i);
            EXPECT_EQ(endpoints.size(), expected) << i;
        }
    }
}

TEST_F(BulkObjects, AGenerationMovesTheLastEndpointToAnAddressOfItsOwn) {
    for (const BulkShape shape : kShapes) {
        const BulkSpec spec{.shape = shape};
        for (const uint32_t index : {0U, 1U, 10U, 100U}) {
            const auto first = addresses(slice(spec, {.index = index}));
            const auto second = addresses(slice(spec, {.index = index, .generation = 1}));
            const auto third = addresses(slice(spec, {.index = index, .generation = 2}));
            EXPECT_EQ(first.size(), second.size());
            EXPECT_NE(first, second);
            EXPECT_NE(second, third);
            EXPECT_NE(first, third);
        }
    }
}

TEST_F(BulkObjects, ShapesAreWhatTheyAreCalled) {
    const BulkSpec skewed{.shape = BulkShape::skewed};
    EXPECT_EQ(slice(skewed, {.index = 0}).endpoints.size(), 90U);
    EXPECT_EQ(slice(skewed, {.index = 10}).endpoints.size(), 15U);
    EXPECT_EQ(slice(skewed, {.index = 11}).endpoints.size(), 1U);
    const BulkSpec huge{.shape = BulkShape::huge};
    EXPECT_EQ(slice(huge, {.index = 0}).endpoints.size(), 1000U);
    EXPECT_EQ(slice(huge, {.index = 1}).endpoints.size(), 3U);
}

TEST_F(BulkObjects, DualStackServicesHaveASliceOfEachFamily) {
    const BulkSpec spec{.shape = BulkShape::dual_stack};
    const Service both = service(spec, 3);
    ASSERT_EQ(both.family_ips.size(), 2U);
    EXPECT_EQ(both.family_ips[0].first, Family::ipv4);
    EXPECT_EQ(both.family_ips[1].first, Family::ipv6);
    const EndpointSlice ipv6 = slice(spec, {.index = 3, .ipv6 = true});
    EXPECT_EQ(ipv6.family, Family::ipv6);
    EXPECT_EQ(ipv6.service, both.name.name);
    EXPECT_EQ(addresses(ipv6).size(), 3U);
    EXPECT_NE(bulk_slice_name(3), bulk_slice_name(3, true));
}

TEST_F(BulkObjects, NodePortsAreThoseThereAreAndEachIsGivenOnce) {
    const BulkSpec spec{.shape = BulkShape::node_ports};
    std::set<uint16_t> numbers;
    for (uint32_t i = 0; i < 3000; ++i) {
        const Service one = service(spec, i);
        EXPECT_EQ(one.type == ServiceType::node_port, i < 2768);
        if (one.type == ServiceType::node_port) {
            numbers.insert(one.ports.front().node_port.number());
        }
    }
    EXPECT_EQ(numbers.size(), 2768U);
    EXPECT_EQ(*numbers.begin(), 30000);
    EXPECT_EQ(*numbers.rbegin(), 32767);
}

}  // namespace
}  // namespace sy::lab
