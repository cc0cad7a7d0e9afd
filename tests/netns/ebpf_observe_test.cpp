// Observers of the socket hooks, by themselves and as the command.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "backends/ebpf/kernel/map.h"
#include "backends/ebpf/observe/observer.h"
#include "ebpf_kernel_lab.h"
#include "os/subprocess.h"

namespace sy::ebpf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const EndpointAddr kVip = address("10.96.0.1", 80);
const EndpointAddr kVip6 = address("fd00:96::1", 80);

class EbpfObserve : public EbpfKernel {
  protected:
    EbpfObserve() : maps(create()) {
        program(*maps, kVip, server.address());
        activate(*maps);
    }
    ~EbpfObserve() override { std::filesystem::remove_all(run_folder_); }

    Result<std::unique_ptr<Observer>> try_observe() const {
        return make_observer({.bpf_root = settings.bpf_root,
                              .cgroup_root = settings.cgroup_root,
                              .run_folder = run_folder_});
    }
    std::unique_ptr<Observer> observe() const { return must(try_observe()); }

    /// The next events; waits for the first.
    static std::vector<Observation> take(Observer& observer) {
        constexpr int kLongEnough = 10'000;
        std::vector<Observation> out;
        pollfd ready{observer.fd(), POLLIN, 0};
        if (poll(&ready, 1, kLongEnough) == 1) {
            observer.drain([&out](const Observation& seen) { out.push_back(seen); });
        }
        return out;
    }
    /// Slots that hold a ring.
    unsigned rings() const {
        const Map observers = must(Map::open(pin("1/observers")));
        unsigned count = 0;
        for (uint32_t slot = 0; slot < SY_OBSERVERS; ++slot) {
            uint32_t id = 0;
            count += bpf_map_lookup_elem(observers.fd(), &slot, &id) == 0 ? 1 : 0;
        }
        return count;
    }
    uint64_t observed_until() const { return maps->arrays().settings->observe_until; }
    /// No endpoints from now on.
    void refuse() const {
        std::atomic_ref(maps->arrays().services[1])
            .store(sy_service_word(0, 0, SY_SERVICE_REJECT), std::memory_order_release);
    }

    Server server{ns, Family::ipv4};
    std::unique_ptr<MapSet> maps;
    std::string run_folder_ = testing::TempDir() + "observe-" + std::to_string(getpid());
};

TEST_F(EbpfObserve, TellsWhoConnectsWhere) {
    const auto observer = observe();
    ASSERT_TRUE(reaches(kVip, server));
    const auto seen = take(*observer);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].service, "default/web:http");
    EXPECT_EQ(seen[0].vip, kVip);
    EXPECT_EQ(seen[0].endpoint, server.address());
    EXPECT_EQ(seen[0].protocol, Protocol::tcp);
    EXPECT_EQ(seen[0].pid, static_cast<uint32_t>(getpid()));
    EXPECT_EQ(seen[0].process, std::string("netns_ebpf_observe").substr(0, 15));
    EXPECT_EQ(seen[0].cgroup, "/" + scope.cgroup().filename().string());
    EXPECT_TRUE(seen[0].connected);
    EXPECT_FALSE(seen[0].refused);
    const auto age = std::chrono::system_clock::now() - seen[0].time;
    EXPECT_LT(std::chrono::abs(age), std::chrono::minutes(5)) << "on the clock on the wall";
}

TEST_F(EbpfObserve, TellsWhatIsRefused) {
    const auto observer = observe();
    refuse();
    EXPECT_EQ(connect(kVip).error().code, ECONNREFUSED);
    const auto seen = take(*observer);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_TRUE(seen[0].refused);
    EXPECT_EQ(seen[0].vip, kVip);
    EXPECT_EQ(seen[0].service, "default/web:http");
}

TEST_F(EbpfObserve, TellsOfIpv6) {
    const Server server6(ns, Family::ipv6);
    program(*maps, kVip6, server6.address());
    const auto observer = observe();
    ASSERT_TRUE(reaches(kVip6, server6));
    const auto seen = take(*observer);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].vip, kVip6);
    EXPECT_EQ(seen[0].endpoint, server6.address());
}

TEST_F(EbpfObserve, EachObserverIsToldEverythingAndLeavesNoTrace) {
    auto first = observe();
    auto second = observe();
    EXPECT_EQ(rings(), 2U);
    ASSERT_TRUE(reaches(kVip, server));
    EXPECT_EQ(take(*first).size(), 1U);
    EXPECT_EQ(take(*second).size(), 1U);
    second.reset();
    first.reset();
    EXPECT_EQ(rings(), 0U);
    EXPECT_EQ(observed_until(), 0U);
    EXPECT_FALSE(std::filesystem::exists(run_folder_)) << "no lock is left";
}

TEST_F(EbpfObserve, AnObserverThatStaysIsNotCutOff) {
    auto first = observe();
    auto second = observe();
    first.reset();
    ASSERT_TRUE(second->renew());
    EXPECT_NE(observed_until(), 0U);
    ASSERT_TRUE(reaches(kVip, server));
    EXPECT_EQ(take(*second).size(), 1U);
}

TEST_F(EbpfObserve, ThereIsRoomForEight) {
    std::vector<std::unique_ptr<Observer>> all;
    for (int i = 0; i < SY_OBSERVERS; ++i) {
        all.push_back(observe());
    }
    const auto another = try_observe();
    ASSERT_FALSE(another);
    EXPECT_THAT(another.error().message(), HasSubstr("8 observers are at work already"));
    all.erase(all.begin() + 3);
    EXPECT_TRUE(try_observe());
}

TEST_F(EbpfObserve, TheSlotOfAKilledObserverIsClearedByTheNext) {
    auto first = observe();
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto killed = try_observe();
        (void)!write(ready[1], killed ? "y" : "n", 1);
        pause();
    }
    char made = 0;
    ASSERT_EQ(read(ready[0], &made, 1), 1);
    EXPECT_EQ(made, 'y');
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_EQ(rings(), 2U);
    first.reset();
    EXPECT_EQ(rings(), 1U);
    const auto next = observe();
    EXPECT_EQ(rings(), 1U) << "its own";
    ASSERT_TRUE(reaches(kVip, server));
    EXPECT_EQ(take(*next).size(), 1U);
    close(ready[0]);
    close(ready[1]);
}

TEST_F(EbpfObserve, SaysWhatItHasMissed) {
    const auto observer = observe();
    refuse();
    uint64_t events = 0;
    for (int round = 0; round < 8; ++round) {
        ASSERT_TRUE(observer->renew());
        for (int i = 0; i < 2000; ++i, ++events) {
            EXPECT_EQ(connect(kVip).error().code, ECONNREFUSED);
        }
    }
    const auto seen = take(*observer);
    EXPECT_GT(observer->lost(), 0U);
    EXPECT_EQ(seen.size() + observer->lost(), events);
    EXPECT_EQ(observe()->lost(), 0U) << "not its business";
}

TEST_F(EbpfObserve, FollowsNewMaps) {
    const auto observer = observe();
    auto larger = create_larger(*maps);
    program(*larger, kVip, server.address());
    activate(*larger);
    ASSERT_TRUE(observer->renew());
    ASSERT_TRUE(reaches(kVip, server));
    const auto seen = take(*observer);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].service, "default/web:http");
}

TEST_F(EbpfObserve, EndsWithTheMaps) {
    const auto observer = observe();
    maps.reset();
    ASSERT_TRUE(kernel->remove_all());
    const auto renewed = observer->renew();
    ASSERT_FALSE(renewed);
    EXPECT_THAT(renewed.error().message(), HasSubstr("mode ebpf is not at work here"));
    EXPECT_FALSE(try_observe());
}

/// The program itself, with its output in a pipe.
class Command {
  public:
    explicit Command(std::vector<std::string> words) {
        std::array<int, 2> pipe{};
        if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
            std::abort();
        }
        out_.reset(pipe[0]);
        words.insert(words.begin(), {SWITCHYARD_PROGRAM, "observe"});
        child_ = fork();
        if (child_ == 0) {
            std::vector<char*> arguments;
            for (std::string& word : words) {
                arguments.push_back(word.data());
            }
            arguments.push_back(nullptr);
            dup2(pipe[1], STDOUT_FILENO);
            execv(arguments[0], arguments.data());
            _exit(127);
        }
        close(pipe[1]);
    }
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;
    ~Command() {
        if (child_ > 0) {
            kill(child_, SIGKILL);
            waitpid(child_, nullptr, 0);
        }
    }

    void tell(int signal) const { kill(child_, signal); }
    /// Nobody reads any more.
    void close_output() { out_.reset(); }
    /// Its exit code, once it has ended by itself.
    int wait() {
        int status = 0;
        waitpid(std::exchange(child_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    /// All it has written; until it ends.
    std::string read_all() const {
        std::string text;
        std::array<char, 4096> part{};
        while (const auto size = read(out_.get(), part.data(), part.size())) {
            if (size < 0) {
                break;
            }
            text.append(part.data(), static_cast<std::size_t>(size));
        }
        return text;
    }

  private:
    Fd out_;
    pid_t child_ = -1;
};

class EbpfObserveCommand : public EbpfObserve {
  protected:
    /// Begun, and at work.
    std::unique_ptr<Command> run(std::vector<std::string> words) const {
        words.push_back("--bpf-root=" + settings.bpf_root);
        auto command = std::make_unique<Command>(std::move(words));
        while (observed_until() == 0) {
            usleep(1000);
        }
        return command;
    }
};

TEST_F(EbpfObserveCommand, EndsAfterAsManyEventsAsWanted) {
    const auto command = run({"--count=2", "--refused"});
    ASSERT_TRUE(reaches(kVip, server));
    refuse();
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(connect(kVip).error().code, ECONNREFUSED);
    }
    const auto text = command->read_all();
    EXPECT_EQ(command->wait(), 0);
    EXPECT_EQ(std::ranges::count(text, '\n'), 2);
    EXPECT_THAT(text, testing::MatchesRegex("..:..:..\\.... netns_ebpf_obse\\([0-9]+\\) /.* TCP "
                                            "10\\.96\\.0\\.1:80 refused default/web:http\n.*\n"));
    EXPECT_EQ(rings(), 0U);
}

TEST_F(EbpfObserveCommand, FilterAndJson) {
    const auto command = run({"--count=1", "-o", "json", "--service=default/web", "--process",
                              "netns_ebpf_observe", "--address=10.96.0.1"});
    ASSERT_TRUE(reaches(kVip, server));
    const auto text = command->read_all();
    EXPECT_EQ(command->wait(), 0);
    EXPECT_THAT(text, HasSubstr(R"("service": "default/web:http"})"));
    EXPECT_THAT(text, HasSubstr(R"("address": "10.96.0.1:80", "verdict": "translated", )"));
}

TEST_F(EbpfObserveCommand, SignalsEndItInGoodOrder) {
    for (const int signal : {SIGINT, SIGTERM}) {
        const auto command = run({});
        command->tell(signal);
        EXPECT_THAT(command->read_all(), IsEmpty());
        EXPECT_EQ(command->wait(), 0);
        EXPECT_EQ(rings(), 0U);
        EXPECT_EQ(observed_until(), 0U);
    }
}

TEST_F(EbpfObserveCommand, EndsWhenNobodyReads) {
    const auto command = run({});
    command->close_output();
    ASSERT_TRUE(reaches(kVip, server));
    EXPECT_EQ(command->wait(), 0);
    EXPECT_EQ(rings(), 0U);
}

TEST_F(EbpfObserveCommand, SaysThatThereIsNothingToSee) {
    Command command({"--bpf-root=/no/such/place"});
    EXPECT_EQ(command.wait(), 1);
}

}  // namespace
}  // namespace sy::ebpf
