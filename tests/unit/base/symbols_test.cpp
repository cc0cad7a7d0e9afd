#include "base/symbols.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sy {
namespace {

TEST(Symbols, OneSymbolPerText) {
    Symbols symbols;
    const auto a = symbols.intern("zone-a");
    const auto b = symbols.intern("zone-b");
    EXPECT_NE(a, b);
    EXPECT_EQ(symbols.intern("zone-a"), a);
    EXPECT_EQ(symbols.text(a), "zone-a");
    EXPECT_EQ(symbols.text(b), "zone-b");
}

TEST(Symbols, NoTextIsNoName) {
    Symbols symbols;
    EXPECT_EQ(symbols.intern(""), Symbol::none);
    EXPECT_EQ(symbols.text(Symbol::none), "");
}

TEST(Symbols, TextsStayValidWhileTheTableGrows) {
    Symbols symbols;
    const auto first = symbols.intern("first");
    const auto view = symbols.text(first);
    for (int i = 0; i < 10000; ++i) {
        symbols.intern("n" + std::to_string(i));
    }
    EXPECT_EQ(view, "first");
    EXPECT_EQ(symbols.intern("first"), first);
    EXPECT_EQ(symbols.text(symbols.intern("n77")), "n77");
}

TEST(Symbols, ListsAreInternedWithOrderAndDuplicates) {
    Symbols symbols;
    const auto a = symbols.intern("a");
    const auto b = symbols.intern("b");
    const auto ab = symbols.intern(std::vector{a, b});
    EXPECT_EQ(symbols.intern(std::vector{a, b}), ab);
    EXPECT_NE(symbols.intern(std::vector{b, a}), ab);
    EXPECT_NE(symbols.intern(std::vector{a, b, b}), ab);
    EXPECT_EQ(symbols.intern(std::vector<Symbol>{}), SymbolList::empty);
    EXPECT_EQ(symbols.list(ab).size(), 2U);
    EXPECT_EQ(symbols.list(ab)[1], b);
}

TEST(Symbols, ListsKnowWhatTheyName) {
    Symbols symbols;
    const auto a = symbols.intern("a");
    const auto b = symbols.intern("b");
    const auto list = symbols.intern(std::vector{a});
    EXPECT_TRUE(symbols.contains(list, a));
    EXPECT_FALSE(symbols.contains(list, b));
    EXPECT_FALSE(symbols.contains(SymbolList::empty, a));
}

}  // namespace
}  // namespace sy
