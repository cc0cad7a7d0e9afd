#include "source/manifest/file_watch.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/source/manifest/recorder.h"

namespace sy {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
  protected:
    FileWatchTest() {
        std::string name = fs::temp_directory_path() / "switchyard-file-watch-XXXXXX";
        folder_ = mkdtemp(name.data());
    }
    ~FileWatchTest() override { fs::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(path(name)) << content;
    }

    void watch(const std::string& name, const std::string& content) {
        watch_.emplace(io_, log_, path(name));
        ASSERT_TRUE(watch_->start(content, [this](std::string now) { seen_.push_back(now); }));
    }

    /// Lets the watch run until it has told `count` versions; all of them.
    std::vector<std::string> versions(std::size_t count) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (seen_.size() < count && std::chrono::steady_clock::now() < deadline) {
            io_.run_one_for(std::chrono::milliseconds(100));
        }
        return seen_;
    }
    /// Long enough for a change to be noticed.
    std::vector<std::string> calm() {
        io_.run_for(std::chrono::milliseconds(600));
        return seen_;
    }

    fs::path folder_;
    boost::asio::io_context io_;
    RecordingLog log_;
    std::vector<std::string> seen_;
    std::optional<FileWatch> watch_;
};

using Versions = std::vector<std::string>;

TEST_F(FileWatchTest, NothingNewIsNoNews) {
    write("config", "one");
    watch("config", "one");
    write("other", "two");
    write("config", "one");
    EXPECT_EQ(calm(), Versions{});
}

TEST_F(FileWatchTest, TellsOfAChangeBeforeTheWatchBegan) {
    write("config", "two");
    watch("config", "one");
    EXPECT_EQ(versions(1), Versions{"two"});
}

TEST_F(FileWatchTest, TellsOfWritingInPlaceOnce) {
    write("config", "one");
    watch("config", "one");
    std::ofstream file(path("config"));
    file << "tw" << std::flush;
    file << "o" << std::flush;
    EXPECT_EQ(versions(1), Versions{"two"});
}

TEST_F(FileWatchTest, TellsOfReplacementAndOfReturn) {
    write("config", "one");
    watch("config", "one");
    fs::remove(path("config"));
    EXPECT_EQ(calm(), Versions{});
    write("new", "two");
    fs::rename(path("new"), path("config"));
    EXPECT_EQ(versions(1), Versions{"two"});
    write("config", "three");
    EXPECT_EQ(versions(2), (Versions{"two", "three"}));
}

TEST_F(FileWatchTest, FollowsAConfigMapToItsNextVersion) {
    fs::create_directory(path("..1"));
    write("..1/config", "one");
    fs::create_symlink("..1", path("..data"));
    fs::create_symlink("..data/config", path("config"));
    watch("config", "one");
    for (const std::string version : {"2", "3"}) {
        fs::create_directory(path(".." + version));
        write(".." + version + "/config", version);
        fs::create_symlink(".." + version, path("..data_tmp"));
        fs::rename(path("..data_tmp"), path("..data"));
        versions(seen_.size() + 1);
    }
    EXPECT_EQ(seen_, (Versions{"2", "3"}));
}

TEST_F(FileWatchTest, TellsNothingAfterItsEnd) {
    write("config", "one");
    watch("config", "one");
    write("config", "two");
    watch_.reset();
    EXPECT_EQ(calm(), Versions{});
}

}  // namespace
}  // namespace sy
