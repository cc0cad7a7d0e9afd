// What the API server's lists leave to the caller, and what only its objects have.
#include <gmock/gmock.h>

#include "source/decode.h"

namespace sy {
namespace {

class DecodeTypeTest : public testing::Test {
  protected:
    DecodeOutcome decode(std::string_view json, const ObjectType& type = {}) {
        auto outcome = decoder_.decode(json, type);
        EXPECT_TRUE(outcome);
        return outcome ? *std::move(outcome) : DecodeOutcome{Unread{}};
    }

    Symbols symbols_;
    Decoder decoder_{symbols_};
};

TEST_F(DecodeTypeTest, DefaultTypeCountsWhereTheObjectSaysNothing) {
    const ObjectType service{"Service", "v1"};
    const auto bare = decode(R"({"metadata":{"name":"a"}})", service);
    EXPECT_EQ(key_of(std::get<Decoded>(bare).object).to_string(), "Service default/a");
    const auto node = decode(R"({"kind":"Node","metadata":{"name":"a"}})", service);
    EXPECT_EQ(key_of(std::get<Decoded>(node).object).kind, Kind::node);
    EXPECT_TRUE(std::holds_alternative<Malformed>(decode(R"({"metadata":{"name":"a"}})")));
}

TEST_F(DecodeTypeTest, ResourceVersionIsToldForGoodAndBad) {
    const ObjectType service{"Service", "v1"};
    const auto good = decode(R"({"metadata":{"name":"a","resourceVersion":"17"}})", service);
    EXPECT_EQ(std::get<Decoded>(good).resource_version, "17");
    const auto bad =
        decode(R"({"metadata":{"name":"a","resourceVersion":"18"},"spec":{"type":"x"}})", service);
    EXPECT_EQ(std::get<Malformed>(bad).resource_version, "18");
    EXPECT_EQ(std::get<Malformed>(bad).key->name, "a");
    // In a manifest it means nothing and may be anything.
    const auto manifest = decode(R"({"metadata":{"name":"a","resourceVersion":5}})", service);
    EXPECT_EQ(std::get<Decoded>(manifest).resource_version, "");
}

}  // namespace
}  // namespace sy
