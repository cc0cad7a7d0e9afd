// A reflector against a model of an API server, with everything that can go wrong on the way.
#include <gmock/gmock.h>

#include <map>
#include <random>
#include <string>

#include "drive.h"
#include "model_server.h"

namespace sy {
namespace {

using namespace std::chrono_literals;

/// Objects that are never deleted.
constexpr int kImmortals = 5;

class Play {
  public:
    Play(uint32_t seed, ModelServer::WatchList watch_list)
        : random_(seed), server_(seed, watch_list) {
        for (int i = 0; i < kImmortals; ++i) {
            server_.put("immortal-" + std::to_string(i), 1 + i);
        }
        drive_.start();
    }

    void step(bool faulty) {
        if (faulty) {
            change();
        }
        drive_.now += std::chrono::milliseconds(pick(1500));
        drive_.random = static_cast<double>(pick(100)) / 100;
        if (drive_.request && !answered_) {
            answer(faulty);
        } else if (drive_.request) {
            deliver(faulty);
        } else if (drive_.timer) {
            drive_.wait();
        }
        if (!drive_.request) {
            forget_answer();
        }
        check();
    }

    void settle() {
        for (int i = 0; i < 300; ++i) {
            step(false);
        }
    }
    std::map<std::string, int> known() const {
        std::map<std::string, int> ports;
        for (const auto& [key, object] : drive_.seen.objects) {
            const auto& service = std::get<Service>(object);
            ports[service.name.name] = service.ports.at(0).port.number();
        }
        return ports;
    }
    const ModelServer& server() const { return server_; }
    const Drive& drive() const { return drive_; }

  private:
    std::size_t pick(std::size_t below) { return random_() % below; }

    void change() {
        const auto name = "s" + std::to_string(pick(30));
        switch (pick(6)) {
            case 0:
                server_.remove(name);
                break;
            case 1:
                if (pick(5) == 0) {
                    server_.compact();
                }
                break;
            case 2:
                server_.put("immortal-" + std::to_string(pick(kImmortals)),
                            static_cast<int>(1 + pick(1000)));
                break;
            default:
                server_.put(name, static_cast<int>(1 + pick(1000)));
        }
    }

    void answer(bool faulty) {
        if (drive_.asks_for("resourceVersion=0")) {
            EXPECT_EQ(drive_.lists, 0) << "an old list after a new one";
        }
        if (faulty && pick(10) == 0) {
            drive_.cut();  // nobody there
            return;
        }
        answered_ = server_.answer(drive_.request->target, faulty);
        drive_.head(answered_->status);
    }

    void deliver(bool faulty) {
        if (answered_->stays_open) {
            answered_->body += server_.live(faulty);
        }
        auto& rest = answered_->body;
        const auto piece = rest.substr(0, faulty ? pick(rest.size() + 1) : rest.size());
        rest.erase(0, piece.size());
        const auto target = drive_.request->target;
        if (!piece.empty()) {
            drive_.body(piece);
        }
        if (!drive_.request || drive_.request->target != target) {
            forget_answer();
            return;
        }
        const bool over = rest.empty() && !answered_->stays_open;
        if (over || (faulty && pick(10) == 0)) {
            const bool clean = over || pick(3) == 0;
            forget_answer();
            clean ? drive_.end() : drive_.cut();
        } else if (drive_.timer && pick(4) == 0) {
            const auto before = drive_.request->target;
            drive_.wait();
            if (!drive_.request || drive_.request->target != before) {
                forget_answer();
            }
        }
    }

    void forget_answer() { answered_.reset(); }

    void check() {
        for (const auto& event : drive_.seen.take()) {
            EXPECT_THAT(event, testing::Not(testing::StartsWith("-Service default/immortal")));
        }
    }

    std::mt19937 random_;
    ModelServer server_;
    Drive drive_;
    std::optional<ModelServer::Answer> answered_;
};

void play(ModelServer::WatchList watch_list) {
    int lists = 0;
    for (uint32_t seed = 0; seed < 40; ++seed) {
        Play play(seed, watch_list);
        for (int round = 0; round < 5; ++round) {
            for (int i = 0; i < 200; ++i) {
                play.step(true);
            }
            play.settle();
            ASSERT_EQ(play.known(), play.server().objects()) << "seed " << seed;
            ASSERT_EQ(play.drive().reflector.known(), play.server().objects().size());
            ASSERT_EQ(play.drive().reflector.protocol().phase(), ListWatch::Phase::watching);
        }
        lists += play.drive().lists;
    }
    // The faults do make new lists necessary.
    EXPECT_GT(lists, 200);
}

TEST(ReflectorModel, EndsEqualWithWatchList) {
    play(ModelServer::WatchList::works);
}

TEST(ReflectorModel, EndsEqualWithPages) {
    play(ModelServer::WatchList::refused);
}

TEST(ReflectorModel, EndsEqualWithAServerThatIgnoresWatchList) {
    play(ModelServer::WatchList::ignored);
}

}  // namespace
}  // namespace sy
