#include "source/kubernetes/answers.h"

#include <gmock/gmock.h>

#include "harness.h"
#include "source/kubernetes/refusal_text.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Answers, StatusOfAnErrorEvent) {
    const auto refusal = read_refusal(status_json(410, "Expired", "too old"), 0);
    EXPECT_EQ(refusal.code, 410U);
    EXPECT_EQ(refusal.reason, "Expired");
    EXPECT_EQ(refusal.message, "too old");
    EXPECT_TRUE(refusal.expired());
    EXPECT_FALSE(refusal.retry_after);
}

TEST(Answers, HttpStatusWins) {
    const auto refusal = read_refusal(status_json(410, "Gone", ""), 500);
    EXPECT_EQ(refusal.code, 500U);
    EXPECT_TRUE(refusal.expired());
}

TEST(Answers, VersionTooLargeByCauseOrByText) {
    const auto cause = read_refusal(
        status_json(504, "Timeout", "x",
                    R"({"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":3})"),
        504);
    EXPECT_TRUE(cause.version_too_large);
    EXPECT_EQ(cause.retry_after, 3s);
    EXPECT_TRUE(read_refusal(status_json(504, "Timeout", "Too large resource version: 5"), 504)
                    .version_too_large);
    EXPECT_FALSE(read_refusal(status_json(504, "Timeout", "slow"), 504).version_too_large);
}

TEST(Answers, WhatIsNoStatusSaysNothing) {
    for (const auto* body :
         {"", "404 page not found\n", "[]", R"({"kind":"Service","reason":"Forbidden"})",
          R"({"kind":"Status","code":"x","reason":7,"details":[],"message":null})",
          R"({"kind":"Status","details":{"retryAfterSeconds":-1,"causes":[1,{}]}})"}) {
        const auto refusal = read_refusal(body, 403);
        EXPECT_EQ(refusal.code, 403U) << body;
        EXPECT_EQ(refusal.reason, "") << body;
        EXPECT_FALSE(refusal.retry_after) << body;
    }
}

TEST(Answers, Bookmarks) {
    EXPECT_FALSE(read_bookmark(R"({"metadata":{"resourceVersion":"5"}})")->ends_initial_events);
    const auto last = read_bookmark(
        R"({"metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"true"}}})");
    EXPECT_EQ(last->resource_version, "5");
    EXPECT_TRUE(last->ends_initial_events);
    EXPECT_FALSE(read_bookmark(R"({"metadata":{}})"));
    EXPECT_FALSE(read_bookmark(R"({"metadata":{"resourceVersion":5}})"));
    EXPECT_FALSE(read_bookmark("{"));
}

TEST(Answers, ListPositions) {
    EXPECT_EQ(read_list_position(R"({"resourceVersion":"7"})")->next_page, "");
    EXPECT_EQ(read_list_position(R"({"resourceVersion":"7","continue":"x"})")->next_page, "x");
    EXPECT_FALSE(read_list_position(R"({"continue":"x"})"));
    EXPECT_FALSE(read_list_position(""));
}

TEST(RefusalText, NamesWhatIsMissingAndTheMend) {
    EXPECT_THAT(refusal_text({403, "Forbidden", "User \"u\" cannot list", {}, false}, "list",
                             slices_resource()),
                AllOf(HasSubstr("\"list\" on \"endpointslices\" in API group \"discovery.k8s.io\""),
                      HasSubstr("403: User \"u\" cannot list"), HasSubstr("ClusterRole")));
    EXPECT_THAT(refusal_text({401, "", "", {}, false}, "watch", services_resource()),
                AllOf(HasSubstr("(it answers 401)"), HasSubstr("renew")));
    EXPECT_THAT(refusal_text({404, "", "a\nb", {}, false}, "watch", services_resource()),
                AllOf(HasSubstr("server address"), Not(HasSubstr("\n"))));
    EXPECT_THAT(refusal_text({503, "", "", {}, false}, "watch", services_resource()),
                HasSubstr("busy"));
    EXPECT_THAT(refusal_text({500, "", "", {}, false}, "watch", services_resource()),
                HasSubstr("refuses (it answers 500)"));
}

}  // namespace
}  // namespace sy
