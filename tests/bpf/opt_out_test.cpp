// Sockets that keep to the packet path because somebody wants it so.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

using testing::AnyOf;

/// A folder below the cgroup of the tests with this program in it; back at the end of the scope.
class BelowCgroup {
  public:
    /// "a/b": in b.
    explicit BelowCgroup(const std::string& name) : path_(lab_cgroup() / name) {
        std::filesystem::create_directories(path_);
        if (!lab::move_to_cgroup(::getpid(), path_)) {
            std::abort();
        }
    }
    BelowCgroup(const BelowCgroup&) = delete;
    BelowCgroup& operator=(const BelowCgroup&) = delete;
    ~BelowCgroup() {
        if (!shared_scope()->join()) {
            std::abort();
        }
        for (auto path = path_; path != lab_cgroup(); path = path.parent_path()) {
            ::rmdir(path.c_str());
        }
    }

  private:
    static const std::filesystem::path& lab_cgroup() { return shared_scope()->cgroup(); }

    std::filesystem::path path_;
};

/// The kernel's id of a cgroup is the inode number of its folder.
uint64_t id_of_cgroup(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_ino;
}

class OptOut : public HooksTest, public testing::WithParamInterface<Flavor> {
  protected:
    Flavor flavor() const override { return GetParam(); }
    Place place() const override { return Place::pod1; }

    void SetUp() override {
        HooksTest::SetUp();
        serve(1, {Place::pod2});
    }
    /// Whether TCP, connected and unconnected UDP are translated; all or none.
    bool translated(Place from) {
        const uint64_t hits = statistic(SY_STAT_HIT);
        const uint64_t skips = statistic(SY_STAT_SKIPPED);
        EXPECT_THAT(client_at(from, Protocol::tcp).connect_at_once(vip(1)), AnyOf(0, EINPROGRESS));
        EXPECT_EQ(client_at(from, Protocol::udp).connect(vip(1)), 0);
        EXPECT_EQ(client_at(from, Protocol::udp).send_to(vip(1)), 0);
        const uint64_t hit = statistic(SY_STAT_HIT) - hits;
        EXPECT_THAT(hit, AnyOf(0, 3));
        EXPECT_EQ(statistic(SY_STAT_SKIPPED) - skips, 3 - hit);
        return hit == 3;
    }
};

INSTANTIATE_TEST_SUITE_P(Sockets, OptOut, testing::ValuesIn(kFlavors),
                         [](const auto& test) { return test.param.to_string(); });

TEST_P(OptOut, ByNetworkNamespace) {
    maps().skip_netns(cookie_of(Place::pod1));
    EXPECT_TRUE(translated(Place::pod1)) << "the set counts only with its setting";
    configure(SY_SETTING_SKIP);
    EXPECT_FALSE(translated(Place::pod1));
    EXPECT_TRUE(translated(Place::pod2));
    EXPECT_TRUE(translated(Place::node));
}

TEST_P(OptOut, ByCgroup) {
    configure(SY_SETTING_SKIP);
    EXPECT_TRUE(translated(Place::pod1));
    const BelowCgroup inside("mesh");
    EXPECT_TRUE(translated(Place::pod1));
    maps().skip_cgroup(id_of_cgroup(shared_scope()->cgroup() / "mesh"));
    EXPECT_FALSE(translated(Place::pod1));
    const BelowCgroup beside("other");
    EXPECT_TRUE(translated(Place::pod1));
}

TEST_P(OptOut, ByACgroupFarAbove) {
    configure(SY_SETTING_SKIP);
    const BelowCgroup inside("mesh/a/b/c");
    EXPECT_TRUE(translated(Place::pod1));
    maps().skip_cgroup(id_of_cgroup(shared_scope()->cgroup() / "mesh"));
    EXPECT_FALSE(translated(Place::pod1));
}

TEST_P(OptOut, ByTheProcesssOwnCgroupHoweverDeep) {
    configure(SY_SETTING_SKIP);
    std::string name = "deep";
    for (int level = 0; level < 20; ++level) {
        name += "/x";
    }
    const BelowCgroup inside(name);
    EXPECT_TRUE(translated(Place::pod1));
    maps().skip_cgroup(id_of_cgroup(shared_scope()->cgroup() / name));
    EXPECT_FALSE(translated(Place::pod1));
}

TEST_P(OptOut, OfAllButTheNode) {
    configure(SY_SETTING_HOST_ONLY);
    EXPECT_FALSE(translated(Place::pod1));
    EXPECT_TRUE(translated(Place::node));
}

TEST_P(OptOut, OfASocketThatWasTranslatedChangesNothingForIt) {
    Client connected = client(Protocol::udp);
    ASSERT_EQ(connected.connect(vip(1)), 0);
    configure(SY_SETTING_SKIP);
    maps().skip_netns(cookie_of(Place::pod1));
    ASSERT_EQ(connected.send(), 0);
    const std::optional<Reply> reply = connected.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->from, vip(1));
    EXPECT_EQ(connected.peer(), vip(1));
}

TEST_P(OptOut, OfLocalListsForPodsThatNobodyCanTellFromOthers) {
    change(1, Protocol::tcp, {Place::pod2}, SY_SERVICE_INSIDE_ONLY);
    configure(SY_SETTING_NO_DETECTOR4 | SY_SETTING_NO_DETECTOR6);
    EXPECT_EQ(client_at(Place::node, Protocol::tcp).connect(vip(1)), 0);
    EXPECT_EQ(statistic(SY_STAT_HIT), 1);
    EXPECT_THAT(client_at(Place::pod1, Protocol::tcp).connect_at_once(vip(1)),
                AnyOf(0, EINPROGRESS));
    EXPECT_EQ(statistic(SY_STAT_HIT), 1);
    configure(0);
    EXPECT_EQ(client_at(Place::pod1, Protocol::tcp).connect(vip(1)), 0);
    EXPECT_EQ(statistic(SY_STAT_HIT), 2);
}

}  // namespace
}  // namespace sy::bpf_test
