#include "backends/ipvs/kernel/saved_values.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace sy::ipvs {
namespace {

namespace fs = std::filesystem;

class Saved : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = "/tmp/switchyard-saved-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        parent = name;
    }
    void TearDown() override {
        std::error_code error;
        fs::remove_all(parent, error);
    }

    fs::path parent;
};

TEST_F(Saved, TheFirstValueStays) {
    const SavedValues saved(parent / "here");
    EXPECT_EQ(saved.find("net/a").value(), std::nullopt);
    ASSERT_TRUE(saved.keep("net/a", 0));
    ASSERT_TRUE(saved.keep("net/a", 1));
    ASSERT_TRUE(saved.keep("net/b/c", 4'000'000'000));
    const SavedValues next(parent / "here");
    EXPECT_EQ(next.find("net/a").value(), 0U);
    EXPECT_EQ(next.find("net/b/c").value(), 4'000'000'000U);
}

TEST_F(Saved, WithTheLastOneTheFolderGoes) {
    const SavedValues saved(parent / "here");
    ASSERT_TRUE(saved.keep("net/a", 1));
    ASSERT_TRUE(saved.keep("net/b/c", 2));
    saved.forget("net/b/c");
    EXPECT_EQ(saved.find("net/b/c").value(), std::nullopt);
    EXPECT_EQ(saved.find("net/a").value(), 1U);
    saved.forget("net/a");
    saved.forget("net/a");
    EXPECT_FALSE(fs::exists(parent / "here"));
    EXPECT_TRUE(fs::exists(parent));
}

TEST_F(Saved, WhatCannotBeReadIsAnErrorAndNotOverwritten) {
    const SavedValues saved(parent);
    std::ofstream(parent / "a") << "what\n";
    EXPECT_FALSE(saved.find("a"));
    EXPECT_FALSE(saved.keep("a", 1));
}

}  // namespace
}  // namespace sy::ipvs
