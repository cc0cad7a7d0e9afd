#include "source/kubernetes/known_objects.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> swept(KnownObjects& known, std::size_t max, bool* done = nullptr) {
    std::vector<Event> events;
    const bool all = known.sweep(events, max);
    if (done != nullptr) {
        *done = all;
    }
    std::vector<std::string> names;
    for (const auto& event : events) {
        names.push_back(std::get<Removed>(event).key.to_string());
    }
    return names;
}

TEST(KnownObjects, SweepsWhatTheListDidNotTell) {
    KnownObjects known(Kind::service);
    known.add("default", "a");
    known.add("default", "b");
    known.add("other", "a");
    EXPECT_THAT(swept(known, 10), IsEmpty());
    known.begin_list();
    known.add("default", "a");
    known.add("default", "a");
    known.add("default", "new");
    known.remove("default", "b");
    EXPECT_THAT(swept(known, 10), ElementsAre("Service other/a"));
    EXPECT_EQ(known.size(), 2U);
    EXPECT_THAT(swept(known, 10), IsEmpty());
}

TEST(KnownObjects, SweepsInPortions) {
    KnownObjects known(Kind::node);
    for (int i = 0; i < 25; ++i) {
        known.add("", std::to_string(i));
    }
    known.begin_list();
    known.add("", "7");
    bool done = true;
    EXPECT_THAT(swept(known, 10, &done), SizeIs(10));
    EXPECT_FALSE(done);
    EXPECT_THAT(swept(known, 14, &done), SizeIs(14));
    EXPECT_TRUE(done);
    EXPECT_EQ(known.size(), 1U);
}

TEST(KnownObjects, RemovingWhatIsUnknownIsNothing) {
    KnownObjects known(Kind::service);
    known.remove("x", "y");
    known.begin_list();
    known.remove("x", "y");
    EXPECT_EQ(known.size(), 0U);
    EXPECT_THAT(swept(known, 10), IsEmpty());
}

// Against a plain map, in any order of calls.
TEST(KnownObjects, BehavesLikeAMap) {
    std::mt19937 random(3);
    KnownObjects known(Kind::service);
    std::map<std::string, int> model;
    int list = 0;
    for (int step = 0; step < 50000; ++step) {
        const auto ns = "n" + std::to_string(random() % 5);
        const auto name = std::to_string(random() % 200);
        const auto key = "Service " + ns + "/" + name;
        switch (random() % 50) {
            case 0:
                known.begin_list();
                ++list;
                break;
            case 1:
                for (const auto& gone : swept(known, random() % 50)) {
                    ASSERT_TRUE(model.contains(gone) && model[gone] != list);
                    model.erase(gone);
                }
                break;
            default:
                if (random() % 3 == 0) {
                    known.remove(ns, name);
                    model.erase(key);
                } else {
                    known.add(ns, name);
                    model[key] = list;
                }
        }
        ASSERT_EQ(known.size(), model.size());
    }
}

}  // namespace
}  // namespace sy
