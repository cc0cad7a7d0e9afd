#include "source/kubernetes/reflector.h"

#include <gmock/gmock.h>

#include "drive.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class ReflectorTest : public testing::Test, public Drive {
  protected:
    static std::string added(const std::string& name, int version, int port = 80) {
        return event_json("ADDED", service_json(name, version, port));
    }
    static std::string modified(const std::string& name, int version, int port = 80) {
        return event_json("MODIFIED", service_json(name, version, port));
    }
    static std::string deleted(const std::string& name, int version, int port = 80) {
        return event_json("DELETED", service_json(name, version, port));
    }
    static std::string expired_event() {
        return event_json("ERROR", status_json(410, "Expired", "too old resource version: 1 (2)"));
    }
    void to_pages() {
        start();
        refuse(422, status_json(422, "Invalid", "sendInitialEvents is forbidden for watch"));
        ASSERT_TRUE(asks_for("limit=500"));
    }
};

TEST_F(ReflectorTest, TellsTheInitialEventsAsTheyCome) {
    start();
    head();
    body(added("a", 3) + added("b", 5));
    EXPECT_THAT(seen.take(), ElementsAre("+Service default/a", "+Service default/b"));
    EXPECT_FALSE(reflector.listed());
    body(bookmark_json(9, true));
    EXPECT_THAT(seen.listed, ElementsAre(Kind::service));
    EXPECT_TRUE(seen.whole);
    EXPECT_TRUE(reflector.listed());
    EXPECT_THAT(observer.take(), ElementsAre("connected", "listed services"));
}

TEST_F(ReflectorTest, FollowsChanges) {
    to_watching(added("a", 3));
    body(modified("a", 101, 81) + added("b", 102) + deleted("a", 103));
    EXPECT_THAT(seen.take(),
                ElementsAre("+Service default/a", "+Service default/b", "-Service default/a"));
    EXPECT_EQ(reflector.protocol().resource_version(), "103");
}

TEST_F(ReflectorTest, AnObjectThatLosesItsLabelIsDeleted) {
    // The server tells DELETED when an object leaves the selectors, and ADDED when it comes back.
    to_watching(added("a", 3));
    body(deleted("a", 101));
    EXPECT_THAT(seen.objects, IsEmpty());
    body(added("a", 102));
    EXPECT_THAT(seen.objects, SizeIs(1));
}

TEST_F(ReflectorTest, AnExpiredWatchIsTakenAsADifference) {
    to_watching(added("a", 1) + added("b", 2) + added("c", 3));
    now += 60s;
    body(expired_event());
    EXPECT_THAT(seen.take(), IsEmpty());
    ASSERT_TRUE(asks_for("sendInitialEvents"));
    head();
    body(added("b", 150, 81) + added("d", 151));
    EXPECT_THAT(seen.take(), ElementsAre("+Service default/b", "+Service default/d"));
    body(bookmark_json(160, true));
    EXPECT_THAT(seen.take(), UnorderedElementsAre("-Service default/a", "-Service default/c"));
    EXPECT_EQ(seen.port("b"), 81);
    EXPECT_EQ(reflector.known(), 2U);
    EXPECT_EQ(lists, 2);
}

TEST_F(ReflectorTest, GoneAsAStatusMeansTheSame) {
    to_watching(added("a", 1));
    now += 60s;
    end();
    refuse(410, status_json(410, "Gone", "too old"));
    ASSERT_TRUE(asks_for("sendInitialEvents"));
    head();
    body(bookmark_json(160, true));
    EXPECT_THAT(seen.take(), ElementsAre("-Service default/a"));
}

TEST_F(ReflectorTest, AListCutInTheMiddleRemovesNothing) {
    to_watching(added("a", 1) + added("b", 2));
    now += 60s;
    body(expired_event());
    head();
    body(added("b", 150));
    cut();
    EXPECT_THAT(seen.take(), ElementsAre("+Service default/b"));
    EXPECT_EQ(lists, 1);
    // The next one may have been told another half, and counts alone.
    wait();
    head();
    body(added("c", 151) + bookmark_json(160, true));
    EXPECT_THAT(seen.take(), UnorderedElementsAre("+Service default/c", "-Service default/a",
                                                  "-Service default/b"));
}

TEST_F(ReflectorTest, PagesAreOneList) {
    to_pages();
    head();
    body(list_json(50, {service_json("a", 1), service_json("b", 2)}, "token"));
    EXPECT_THAT(seen.take(), SizeIs(2));
    end();
    EXPECT_TRUE(asks_for("limit=500&continue=token"));
    EXPECT_EQ(lists, 0);
    head();
    body(list_json(50, {service_json("c", 3)}));
    EXPECT_EQ(lists, 0);
    end();
    EXPECT_EQ(lists, 1);
    EXPECT_THAT(seen.objects, SizeIs(3));
    EXPECT_TRUE(asks_for("resourceVersion=50"));
}

TEST_F(ReflectorTest, ItemsOfListsNeedNoKind) {
    to_pages();
    head();
    body(
        R"({"kind":"ServiceList","items":[{"metadata":{"name":"a","namespace":"default"},)"
        R"("spec":{"clusterIP":"10.0.0.1","ports":[{"port":1}]}}],"metadata":{"resourceVersion":"5"}})");
    end();
    EXPECT_THAT(seen.events, ElementsAre("+Service default/a"));
}

TEST_F(ReflectorTest, APageCutAfterItsLastItemRemovesNothing) {
    to_watching(added("a", 1) + added("b", 2));
    now += 60s;
    body(expired_event());
    refuse(400, "bad request");  // the server was downgraded, say
    head();
    const auto page = list_json(150, {service_json("a", 1)});
    body(page.substr(0, page.size() - 3));
    end();
    EXPECT_THAT(seen.take(), ElementsAre("+Service default/a"));
    EXPECT_THAT(log.lines.back(), HasSubstr("incomplete"));
    wait();
    EXPECT_TRUE(asks_for("limit=500"));
}

TEST_F(ReflectorTest, AnAnswerThatIsNoListRemovesNothing) {
    to_watching(added("a", 1));
    now += 60s;
    body(expired_event());
    refuse(400, "");
    for (const auto* answer :
         {"{}", R"({"kind":"Status","metadata":{},"items":[]})",
          R"({"kind":"ServiceList","metadata":{},"items":[]})",
          R"({"kind":"ServiceList","metadata":{"resourceVersion":"9"}})", "null", "<html>"}) {
        head();
        body(answer);
        if (request) {
            end();
        }
        EXPECT_FALSE(request) << answer;
        EXPECT_THAT(seen.objects, SizeIs(1)) << answer;
        wait();
    }
    head(200, "text/html");
    EXPECT_FALSE(request);
    EXPECT_THAT(log.lines.back(), HasSubstr("text/html where JSON belongs"));
    EXPECT_EQ(lists, 1);
}

TEST_F(ReflectorTest, AnEmptyListRemovesEverything) {
    to_watching(added("a", 1) + added("b", 2));
    now += 60s;
    body(expired_event());
    refuse(400, "");
    head();
    body(R"({"kind":"ServiceList","metadata":{"resourceVersion":"9"},"items":null})");
    end();
    EXPECT_THAT(seen.objects, IsEmpty());
    EXPECT_EQ(lists, 2);
}

TEST_F(ReflectorTest, RemovalsComeInBatches) {
    std::string many;
    for (int i = 0; i < 3000; ++i) {
        many += added("s" + std::to_string(i), i + 1);
    }
    to_watching(many, 5000);
    now += 60s;
    body(expired_event());
    head();
    body(bookmark_json(6000, true) + added("new", 6001));
    // In order: first what the list removes, then what came after.
    EXPECT_THAT(seen.take(), AllOf(SizeIs(3001), testing::Contains("-Service default/s7")));
    EXPECT_THAT(seen.objects, SizeIs(1));
    EXPECT_EQ(lists, 2);
}

TEST_F(ReflectorTest, AMalformedObjectKeepsItsLastGoodVersion) {
    to_watching(added("a", 1, 80) + added("b", 2));
    body(modified("a", 101, 0) + modified("b", 102, 81));
    EXPECT_THAT(seen.take(), ElementsAre("+Service default/b"));
    EXPECT_EQ(seen.port("a"), 80);
    EXPECT_THAT(log.take(),
                ElementsAre(AllOf(HasSubstr("error: Service default/a: spec.ports[0].port"),
                                  HasSubstr("last good version"))));
    EXPECT_THAT(observer.take(), Contains("malformed services"));
    // The same version told again is no news; another one is.
    body(modified("a", 101, 0));
    EXPECT_THAT(log.take(), IsEmpty());
    body(modified("a", 103, 0));
    EXPECT_THAT(log.take(), SizeIs(1));
    body(modified("a", 104, 82));
    EXPECT_EQ(seen.port("a"), 82);
    body(deleted("a", 105, 0));
    EXPECT_EQ(seen.port("a"), 0);
}

TEST_F(ReflectorTest, AMalformedObjectInAListIsNotRemoved) {
    to_watching(added("a", 1, 80));
    now += 60s;
    body(expired_event());
    head();
    body(added("a", 150, 0) + added("never-good", 151, 0) + bookmark_json(160, true));
    EXPECT_THAT(seen.take(), IsEmpty());
    EXPECT_EQ(seen.port("a"), 80);
    EXPECT_TRUE(seen.whole);
    EXPECT_EQ(lists, 2);
}

TEST_F(ReflectorTest, AnObjectWithoutIdentityRemovesNothing) {
    to_watching(added("a", 1));
    now += 60s;
    body(expired_event());
    head();
    body(event_json("ADDED", R"({"kind":"Service","apiVersion":"v1","metadata":{}})") +
         bookmark_json(160, true));
    EXPECT_THAT(seen.objects, SizeIs(1));
    EXPECT_FALSE(seen.whole);
    EXPECT_THAT(log.lines.back(), HasSubstr("cannot be used or even identified"));
}

TEST_F(ReflectorTest, AnotherKindIsRefused) {
    to_watching();
    body(event_json("ADDED", R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}})") +
         event_json("ADDED", R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n"}})"));
    EXPECT_THAT(seen.events, IsEmpty());
    EXPECT_THAT(log.take(), ElementsAre(HasSubstr("v1 Pod instead"), HasSubstr("another kind")));
}

TEST_F(ReflectorTest, WarningsAreToldOncePerVersion) {
    const auto odd = [](int version) {
        auto json = service_json("a", version);
        const std::string_view before = R"("ports":)";
        json.insert(json.find(before), R"("externalIPs":["x"],)");
        return event_json("MODIFIED", json);
    };
    to_watching();
    body(odd(101) + odd(101) + odd(102));
    EXPECT_THAT(seen.events, SizeIs(3));
    EXPECT_THAT(log.take(), AllOf(SizeIs(2), Contains(HasSubstr("warning: Service default/a: "
                                                                "spec.externalIPs[0]"))));
}

TEST_F(ReflectorTest, UnknownEventsAreSkipped) {
    to_watching();
    body(event_json("FUTURE", "{}") + added("a", 101));
    EXPECT_THAT(seen.events, ElementsAre("+Service default/a"));
}

TEST_F(ReflectorTest, ABrokenStreamGoesOnWhereItWas) {
    to_watching(added("a", 1));
    now += 60s;
    body(added("b", 101) + "}{");
    EXPECT_THAT(seen.take(), ElementsAre("+Service default/b"));
    EXPECT_TRUE(asks_for("resourceVersion=101"));
    // Had it broken off at once, there would be a wait first.
    head();
    body("}{");
    EXPECT_FALSE(request);
    wait();
    EXPECT_TRUE(asks_for("resourceVersion=101"));
}

TEST_F(ReflectorTest, RetryAfterOfTheHeadCounts) {
    start();
    reflector.on_head({429, 7s, "text/plain"}, at());
    body("slow down");
    end();
    EXPECT_EQ(timer, 7s);
}

TEST_F(ReflectorTest, ARefusalMayGoOnForeverWithoutKeepingUsWaiting) {
    start();
    head(403);
    body(R"({"kind":"Status","reason":"Forbi)");
    EXPECT_EQ(timer, 10s);
    wait();
    EXPECT_FALSE(request);
    EXPECT_THAT(log.take(), ElementsAre(HasSubstr("does not allow \"watch\"")));
    wait();
    EXPECT_TRUE(asks_for("sendInitialEvents"));
}

TEST_F(ReflectorTest, AVersionTooLargeIsAskedForWithoutVersion) {
    to_watching();
    now += 60s;
    end();
    refuse(504, status_json(504, "Timeout", "Too large resource version: 100, current: 5",
                            R"({"causes":[{"reason":"ResourceVersionTooLarge","message":"x"}],)"
                            R"("retryAfterSeconds":1})"));
    EXPECT_EQ(timer, 1s);
    wait();
    EXPECT_TRUE(asks_for("sendInitialEvents"));
}

TEST_F(ReflectorTest, StopIsFinal) {
    to_watching(added("a", 1));
    stop();
    EXPECT_FALSE(request);
    EXPECT_FALSE(timer);
    head();
    body(added("b", 101));
    end();
    EXPECT_FALSE(request);
    EXPECT_THAT(seen.events, IsEmpty());
}

TEST_F(ReflectorTest, StopBetweenBatchesIsFinal) {
    std::string many;
    for (int i = 0; i < 3000; ++i) {
        many += added("s" + std::to_string(i), i + 1);
    }
    start();
    head();
    auto step = reflector.on_body(many, at());
    EXPECT_TRUE(step.more);
    stop();
    step = reflector.more(at());
    EXPECT_THAT(step.events, IsEmpty());
    EXPECT_FALSE(step.more);
}

TEST_F(ReflectorTest, AbsentResourcesAreListed) {
    Drive cidrs(service_cidrs_resource());
    cidrs.start();
    cidrs.refuse(404, "404 page not found\n");
    EXPECT_TRUE(cidrs.asks_for("v1beta1"));
    cidrs.refuse(404, "404 page not found\n");
    EXPECT_THAT(cidrs.seen.listed, ElementsAre(Kind::service_cidr));
    EXPECT_TRUE(cidrs.reflector.listed());
    cidrs.wait();
    cidrs.head();
    cidrs.body(event_json("ADDED", R"({"kind":"ServiceCIDR","apiVersion":"networking.k8s.io/v1",)"
                                   R"("metadata":{"name":"kubernetes","resourceVersion":"3"},)"
                                   R"("spec":{"cidrs":["10.96.0.0/12"]}})") +
               bookmark_json(5, true));
    EXPECT_THAT(cidrs.seen.events, ElementsAre("+ServiceCIDR kubernetes"));
    EXPECT_EQ(cidrs.lists, 2);
}

}  // namespace
}  // namespace sy
