// What objects tell of their own life: nodes that are going, changes that have a time.
#include <gmock/gmock.h>

#include "source/decode.h"

namespace sy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class DecodeLife : public testing::Test {
  protected:
    DecodeOutcome decode(const std::string& json) {
        auto outcome = decoder_.decode(json);
        EXPECT_TRUE(outcome) << outcome.error().message();
        return outcome ? *std::move(outcome) : DecodeOutcome{Unread{}};
    }
    template <class T>
    T object(const std::string& json) {
        auto outcome = decode(json);
        auto* decoded = std::get_if<Decoded>(&outcome);
        EXPECT_NE(decoded, nullptr) << json;
        if (decoded == nullptr) {
            return {};
        }
        EXPECT_THAT(decoded->warnings, IsEmpty());
        return std::get<T>(decoded->object);
    }
    static std::string node(const std::string& metadata, const std::string& spec) {
        return R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1")" + metadata +
               R"(},"spec":{)" + spec + "}}";
    }
    static std::string slice(const std::string& annotations) {
        return R"({"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{)"
               R"("name":"web-1","namespace":"shop","annotations":{)" +
               annotations + R"(}},"addressType":"IPv4"})";
    }

    Symbols symbols_;
    Decoder decoder_{symbols_};
};

TEST_F(DecodeLife, NodeOnItsWayOut) {
    const auto calm = object<Node>(node("", R"("taints":[{"key":"not-ready","effect":"X"}])"));
    EXPECT_FALSE(calm.deleting || calm.autoscaler_taint);
    const auto leaving = object<Node>(node(R"(,"deletionTimestamp":"2026-03-01T12:00:00Z")", ""));
    EXPECT_TRUE(leaving.deleting);
    const std::string taints = R"("taints":[{"key":"a"},{"key":"ToBeDeletedByClusterAutoscaler"}])";
    EXPECT_TRUE(object<Node>(node("", taints)).autoscaler_taint);
    const auto bad = decode(node("", R"("taints":7)"));
    ASSERT_TRUE(std::holds_alternative<Malformed>(bad));
    EXPECT_THAT(std::get<Malformed>(bad).fault.text(), HasSubstr("spec.taints"));
}

TEST_F(DecodeLife, SliceWithATriggerTime) {
    const std::string key = R"("endpoints.kubernetes.io/last-change-trigger-time":)";
    EXPECT_EQ(object<EndpointSlice>(slice(key + R"("1970-01-01T00:00:01.5Z")")).trigger_time,
              std::chrono::system_clock::time_point(std::chrono::milliseconds(1500)));
    EXPECT_EQ(object<EndpointSlice>(slice(key + R"("yesterday")")).trigger_time, std::nullopt);
    EXPECT_EQ(object<EndpointSlice>(slice(R"("a":"b")")).trigger_time, std::nullopt);
}

}  // namespace
}  // namespace sy
