#include "source/manifest/source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "os/fd.h"
#include "recorder.h"

namespace sy {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// A real folder, a real inotify; only time is not looked at: a test waits for what must come, and
// for what must not come it waits until something later has come.
class SourceTest : public testing::Test {
  protected:
    SourceTest() {
        std::string name = (fs::temp_directory_path() / "manifests-XXXXXX").string();
        root_ = ::mkdtemp(name.data());
    }
    ~SourceTest() override {
        source_.reset();
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }

    std::string path(const std::string& name) const { return (root_ / name).string(); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(root_ / name) << text;
    }
    // As editors and tools do it: beside, then over.
    void replace(const std::string& name, const std::string& text) const {
        write(".new", text);
        fs::rename(root_ / ".new", root_ / name);
    }

    Result<void> start(std::vector<std::string> paths) {
        source_.emplace(io_, symbols_, log_, std::move(paths));
        auto started =
            source_->start([this](std::vector<Event> events) { seen_.apply(std::move(events)); });
        EXPECT_THAT(seen_.events, IsEmpty());
        return started;
    }
    void start_folder() {
        ASSERT_TRUE(start({root_.string()}));
        until([this] { return seen_.listed.size() == 4; });
        seen_.take();
    }
    // Runs the loop until `done`, or a generous while that only a failing test uses up.
    void until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < limit) {
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(50));
        }
        EXPECT_TRUE(done());
    }
    // Everything that happened so far has been noticed, deletions included.
    void settle() {
        const auto name = "fence" + std::to_string(fences_++);
        write(name + ".yaml", service_yaml(name, 1));
        until([&] { return seen_.port(name) == 1; });
        fs::remove(root_ / (name + ".yaml"));
        until([&] { return seen_.port(name) == 0; });
        std::erase_if(seen_.events, [](const auto& event) { return event.contains("fence"); });
    }

    fs::path root_;
    boost::asio::io_context io_;
    RecordingLog log_;
    Symbols symbols_;
    Recorder seen_;
    std::optional<ManifestSource> source_;
    int fences_ = 0;
};

TEST_F(SourceTest, TellsEverythingAndThenThatItIsEverything) {
    write("a.yaml", service_yaml("a", 1));
    write("b.yml", service_yaml("b", 1) + "---\nbroken: [\n");
    write("c.json", R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}})");
    write(".hidden.yaml", service_yaml("hidden", 1));
    write("notes.txt", service_yaml("text", 1));
    fs::create_directory(root_ / "folder.yaml");
    ASSERT_TRUE(start({root_.string()}));
    until([this] { return seen_.listed.size() == 4; });
    EXPECT_THAT(seen_.take(), ElementsAre("+Service default/a", "+Service default/b", "+Node n"));
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("b.yml:")));
    EXPECT_EQ(source_->standing_errors(), 1U);
    EXPECT_EQ(source_->object_count(), 3U);
    EXPECT_FALSE(seen_.whole) << "nobody knows what the broken file holds";
    write("b.yml", service_yaml("b", 1));
    until([this] { return seen_.whole; });
}

TEST_F(SourceTest, AnEmptyFolderIsListedToo) {
    start_folder();
    EXPECT_THAT(seen_.objects, IsEmpty());
}

TEST_F(SourceTest, StartRefusesWhatIsNotThere) {
    const auto missing = start({path("missing.yaml")});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message(),
                testing::AllOf(HasSubstr("missing.yaml"), HasSubstr("No such file")));
    EXPECT_FALSE(start({""}));
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    const auto pipe = start({path("pipe")});
    ASSERT_FALSE(pipe);
    EXPECT_THAT(pipe.error().message(), HasSubstr("neither a file nor a folder"));
}

TEST_F(SourceTest, FollowsFilesThatComeChangeAndGo) {
    start_folder();
    write("a.yaml", service_yaml("a", 1));
    until([this] { return seen_.port("a") == 1; });
    write("a.yaml", service_yaml("a", 2));
    until([this] { return seen_.port("a") == 2; });
    replace("a.yaml", service_yaml("a", 3));
    until([this] { return seen_.port("a") == 3; });
    fs::rename(root_ / "a.yaml", root_ / "b.yaml");
    fs::create_hard_link(root_ / "b.yaml", root_ / "c.yaml");
    fs::remove(root_ / "b.yaml");
    settle();
    EXPECT_EQ(seen_.port("a"), 3);
    fs::remove(root_ / "c.yaml");
    until([this] { return seen_.port("a") == 0; });
}

TEST_F(SourceTest, AFileThatIsBeingWrittenDoesNotCountYet) {
    write("a.yaml", service_yaml("a", 1) + "---\n" + service_yaml("b", 1));
    start_folder();
    {
        std::ofstream file(root_ / "a.yaml", std::ios::trunc);
        settle();
        file << service_yaml("a", 2) << std::flush;
        settle();
        EXPECT_THAT(seen_.take(), IsEmpty());
        file << "---\n" << service_yaml("b", 2);
    }
    until([this] { return seen_.port("b") == 2; });
    EXPECT_THAT(seen_.take(), ElementsAre("+Service default/a", "+Service default/b"));
}

TEST_F(SourceTest, AFileThatMovesAwayAndComesBackDoesNotFlap) {
    write("a.yaml", service_yaml("a", 1));
    start_folder();
    fs::rename(root_ / "a.yaml", root_ / "a.yaml~");
    write("other.yaml", service_yaml("other", 1));
    until([this] { return seen_.port("other") == 1; });  // the move has been noticed by now
    write("a.yaml", service_yaml("a", 2));
    settle();
    EXPECT_EQ(seen_.port("a"), 2);
    EXPECT_THAT(seen_.take(), ElementsAre("+Service default/other", "+Service default/a"));
}

TEST_F(SourceTest, AFileMadeWithoutEverBeingOpenIsFound) {
    start_folder();
    // A file without a name that is given one later: there is no close to wait for.
    {
        const Fd file(::open(root_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0644));
        if (!file) {
            GTEST_SKIP() << "this file system cannot make files without a name";
        }
        const auto text = service_yaml("a", 1);
        ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
        const auto handle = "/proc/self/fd/" + std::to_string(file.get());
        ASSERT_EQ(
            ::linkat(AT_FDCWD, handle.c_str(), AT_FDCWD, path("a.yaml").c_str(), AT_SYMLINK_FOLLOW),
            0);
    }
    until([this] { return seen_.port("a") == 1; });
}

TEST_F(SourceTest, ConfigMapVolumesSwapALink) {
    const auto version = [this](const std::string& folder, int port, bool with_b) {
        fs::create_directory(root_ / folder);
        write(folder + "/a.yaml", service_yaml("a", port));
        if (with_b) {
            write(folder + "/b.yaml", service_yaml("b", port));
        }
    };
    const auto swap = [this](const std::string& folder) {
        fs::create_symlink(folder, root_ / "..data_tmp");
        fs::rename(root_ / "..data_tmp", root_ / "..data");
    };
    version("..1", 1, true);
    swap("..1");
    fs::create_symlink("..data/a.yaml", root_ / "a.yaml");
    fs::create_symlink("..data/b.yaml", root_ / "b.yaml");
    start_folder();
    EXPECT_EQ(seen_.port("a"), 1);

    version("..2", 2, false);
    swap("..2");
    until([this] { return seen_.port("a") == 2; });
    fs::remove_all(root_ / "..1");
    fs::remove(root_ / "b.yaml");
    until([this] { return seen_.port("b") == 0; });

    version("..3", 3, true);
    swap("..3");
    until([this] { return seen_.port("a") == 3; });
    fs::create_symlink("..data/b.yaml", root_ / "b.yaml");
    until([this] { return seen_.port("b") == 3; });
    // A change behind the links counts as well.
    write("..3/b.yaml", service_yaml("b", 4));
    until([this] { return seen_.port("b") == 4; });
    EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(SourceTest, ASingleFileIsFollowedThroughReplacement) {
    write("a.yaml", service_yaml("a", 1));
    write("b.yaml", service_yaml("b", 1));
    ASSERT_TRUE(start({path("a.yaml")}));
    until([this] { return seen_.port("a") == 1; });
    replace("a.yaml", service_yaml("a", 2));
    until([this] { return seen_.port("a") == 2; });
    fs::remove(root_ / "a.yaml");
    until([this] { return seen_.port("a") == 0; });
    write("a.yaml", service_yaml("a", 3));
    until([this] { return seen_.port("a") == 3; });
    EXPECT_EQ(seen_.port("b"), 0);
}

TEST_F(SourceTest, ASingleFileBehindALink) {
    write("real1", service_yaml("a", 1));
    write("real2", service_yaml("a", 2));
    fs::create_symlink("real1", root_ / "a.yaml");
    ASSERT_TRUE(start({path("a.yaml")}));
    until([this] { return seen_.port("a") == 1; });
    fs::create_symlink(root_ / "real2", root_ / "tmp");
    fs::rename(root_ / "tmp", root_ / "a.yaml");
    until([this] { return seen_.port("a") == 2; });
    write("real2", service_yaml("a", 3));
    until([this] { return seen_.port("a") == 3; });
}

TEST_F(SourceTest, AFolderMayGoAndComeBack) {
    const auto make = [this](const std::string& name, int port) {
        fs::create_directories(root_ / name);
        write(name + "/a.yaml", service_yaml("a", port));
    };
    make("deep/folder", 1);
    ASSERT_TRUE(start({path("deep/folder/")}));
    until([this] { return seen_.port("a") == 1; });
    fs::remove_all(root_ / "deep");
    until([this] { return seen_.port("a") == 0; });
    make("deep/folder", 2);
    until([this] { return seen_.port("a") == 2; });
    // Another folder in its place.
    make("beside", 3);
    fs::rename(root_ / "deep/folder", root_ / "old");
    fs::rename(root_ / "beside", root_ / "deep/folder");
    until([this] { return seen_.port("a") == 3; });
    write("deep/folder/a.yaml", service_yaml("a", 4));
    until([this] { return seen_.port("a") == 4; });
    write("old/a.yaml", service_yaml("a", 5));
    write("deep/folder/b.yaml", service_yaml("b", 1));
    until([this] { return seen_.port("b") == 1; });
    EXPECT_EQ(seen_.port("a"), 4);
}

TEST_F(SourceTest, AFolderBehindALinkMaySwap) {
    fs::create_directory(root_ / "v1");
    fs::create_directory(root_ / "v2");
    write("v1/a.yaml", service_yaml("a", 1));
    write("v1/gone.yaml", service_yaml("gone", 1));
    write("v2/a.yaml", service_yaml("a", 2));
    fs::create_directory_symlink("v1", root_ / "current");
    ASSERT_TRUE(start({path("current")}));
    until([this] { return seen_.port("gone") == 1; });
    fs::create_directory_symlink("v2", root_ / "tmp");
    fs::rename(root_ / "tmp", root_ / "current");
    until([this] { return seen_.port("a") == 2 && seen_.port("gone") == 0; });
}

TEST_F(SourceTest, SeveralPathsMayOverlap) {
    write("a.yaml", service_yaml("a", 1));
    ASSERT_TRUE(start({root_.string() + "/", path("./a.yaml"), path("a.yaml")}));
    until([this] { return seen_.listed.size() == 4; });
    EXPECT_THAT(seen_.take(), ElementsAre("+Service default/a"));
    write("a.yaml", service_yaml("a", 2));
    settle();
    EXPECT_THAT(seen_.take(), ElementsAre("+Service default/a"));
    EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(SourceTest, TheNextFileTakesOverWhenOneGoes) {
    write("a.yaml", service_yaml("a", 1));
    write("b.yaml", service_yaml("a", 2));
    start_folder();
    fs::remove(root_ / "a.yaml");
    until([this] { return seen_.port("a") == 2; });
    EXPECT_THAT(seen_.take(), ElementsAre("+Service default/a"));
}

TEST_F(SourceTest, ManyChangesAtOnceOverflowTheQueueHarmlessly) {
    write("a.yaml", service_yaml("a", 1));
    write("b.yaml", service_yaml("b", 1));
    start_folder();
    // More events than fs.inotify.max_queued_events while nobody reads them.
    std::size_t limit = 16384;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
    if (limit > 100'000) {
        GTEST_SKIP() << "the event queue is too long to overflow it here";
    }
    for (std::size_t i = 0; i < limit; ++i) {
        const auto name = path(i % 2 == 0 ? "x" : "y");
        const Fd file(::open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
        ::unlink(name.c_str());
    }
    write("a.yaml", service_yaml("a", 2));
    fs::remove(root_ / "b.yaml");
    write("c.yaml", service_yaml("c", 3));
    until([this] { return seen_.port("a") == 2 && seen_.port("b") == 0 && seen_.port("c") == 3; });
}

TEST_F(SourceTest, ReadingEverythingAgainTellsOnlyWhatChanged) {
    write("a.yaml", service_yaml("a", 80));
    start_folder();
    source_->rescan();
    settle();
    EXPECT_THAT(seen_.take(), IsEmpty());
    write("a.yaml", service_yaml("a", 81));
    source_->rescan();
    EXPECT_EQ(seen_.port("a"), 81);
    settle();
    EXPECT_THAT(seen_.take(), ElementsAre("+Service default/a"));
    source_->stop();
    source_->rescan();
}

TEST_F(SourceTest, StopIsFinal) {
    write("a.yaml", service_yaml("a", 1));
    ASSERT_TRUE(start({root_.string()}));
    source_->stop();
    io_.run();
    EXPECT_THAT(seen_.events, IsEmpty());

    start_folder();
    write("b.yaml", service_yaml("b", 1));
    source_->stop();
    io_.restart();
    io_.run();
    EXPECT_THAT(seen_.events, IsEmpty());
}

}  // namespace
}  // namespace sy
