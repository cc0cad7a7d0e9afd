#include "backends/ledger.h"

#include <gmock/gmock.h>

#include <string>

#include "backends/bisect.h"

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Book = Ledger<std::string>;
using Change = Book::Change;

std::vector<std::string> objects(const std::vector<ObjectOp<std::string>>& ops) {
    std::vector<std::string> result;
    for (const auto& op : ops) {
        result.push_back(op.object);
    }
    return result;
}

void commit(Book& book, std::vector<Change> changes) {
    auto stage = book.stage(changes);
    book.commit(stage, std::move(changes));
}

const ServiceName kA{"ns", "a"};
const ServiceName kB{"ns", "b"};

TEST(Ledger, StagesOnlyTheDifference) {
    Book book;
    commit(book, {{kA, {{"x", "y"}, {}}}});
    const auto stage = book.stage(std::vector<Change>{{kA, {{"x", "z"}, {}}}});
    EXPECT_THAT(objects(stage.remove), ElementsAre("y"));
    EXPECT_THAT(objects(stage.add), ElementsAre("z"));
    EXPECT_THAT(book.have(kA).own, ElementsAre("x", "y")) << "staging changes nothing";
}

TEST(Ledger, SharedObjectsLiveWhileAnyoneAsks) {
    Book book;
    commit(book, {{kA, {{"a"}, {"s"}}}});
    EXPECT_THAT(objects(book.stage(std::vector<Change>{{kB, {{"b"}, {"s"}}}}).add),
                ElementsAre("b"));
    commit(book, {{kB, {{"b"}, {"s"}}}});
    EXPECT_THAT(objects(book.stage(std::vector<Change>{{kA, {}}}).remove), ElementsAre("a"));
    commit(book, {{kA, {}}});
    EXPECT_THAT(objects(book.stage(std::vector<Change>{{kB, {}}}).remove),
                UnorderedElementsAre("b", "s"));
}

TEST(Ledger, ASharedObjectMayChangeHandsWithinAGroup) {
    Book book;
    commit(book, {{kA, {{"a"}, {"s"}}}});
    const std::vector<Change> changes{{kA, {}}, {kB, {{"b"}, {"s"}}}};
    const auto stage = book.stage(changes);
    EXPECT_THAT(objects(stage.remove), ElementsAre("a"));
    EXPECT_THAT(objects(stage.add), ElementsAre("b"));
}

TEST(Ledger, AdoptedObjectsAreNotWrittenAgain) {
    Book book;
    book.adopt(kA, {"a"});
    book.adopt_shared("s");
    book.adopt_shared("t");
    EXPECT_TRUE(book.stage(std::vector<Change>{{kA, {{"a"}, {"s"}}}}).empty());
    commit(book, {{kA, {{"a"}, {"s"}}}});
    EXPECT_THAT(book.unclaimed_shared(), ElementsAre("t"));
    book.forget_unclaimed();
    EXPECT_THAT(book.all(), UnorderedElementsAre("a", "s"));
}

TEST(Ledger, EverythingRemovedLeavesNothing) {
    Book book;
    commit(book, {{kA, {{"a"}, {"s"}}}, {kB, {{"b"}, {"s"}}}});
    commit(book, {{kA, {}}, {kB, {}}});
    EXPECT_THAT(book.all(), IsEmpty());
    EXPECT_TRUE(book.services().empty());
}

/// Commits groups of numbers; refuses those that hold a negative one.
struct Picky {
    std::vector<std::vector<int>> committed;
    bool hints = false;
    int attempts = 0;

    std::expected<void, GroupRefused> operator()(const std::vector<int>& group) {
        ++attempts;
        GroupRefused refused{{"negative", {}, 0}, {}, true};
        for (uint32_t i = 0; i < group.size(); ++i) {
            if (group[i] < 0) {
                refused.suspects.push_back(i);
            }
        }
        if (refused.suspects.empty()) {
            committed.push_back(group);
            return {};
        }
        if (!hints) {
            refused.suspects.clear();
        }
        return std::unexpected(refused);
    }
};

TEST(CommitOrSplit, FindsTheGuiltyWithAndWithoutHints) {
    for (const bool hints : {false, true}) {
        Picky picky;
        picky.hints = hints;
        std::vector<int> items;
        for (int i = 0; i < 1000; ++i) {
            items.push_back(i == 321 || i == 777 ? -i : i + 1);
        }
        std::vector<int> guilty;
        const auto result = commit_or_split<int>(
            items, std::ref(picky), [&](int item, const Error&) { guilty.push_back(item); });
        EXPECT_TRUE(result);
        EXPECT_THAT(guilty, UnorderedElementsAre(-321, -777));
        std::size_t through = 0;
        for (const auto& group : picky.committed) {
            through += group.size();
        }
        EXPECT_EQ(through, 998U);
        EXPECT_LT(picky.attempts, 60);
    }
}

TEST(CommitOrSplit, StopsWhenSplittingCannotHelp) {
    int attempts = 0;
    const auto refuse = [&](const std::vector<int>&) -> std::expected<void, GroupRefused> {
        ++attempts;
        return std::unexpected(GroupRefused{{"no permission", {}, EPERM}, {}, false});
    };
    const auto result = commit_or_split<int>({1, 2, 3}, refuse, [](int, const Error&) { FAIL(); });
    EXPECT_FALSE(result);
    EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace sy
