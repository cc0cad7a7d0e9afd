#include "serve/traffic_poll.h"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <mutex>

namespace sy {
namespace {

using namespace std::chrono_literals;

/// Counts its readings, which go on only while it is let.
struct Kernel {
    std::mutex gate;
    std::atomic<int> reads = 0;
};

class CountingReader : public TrafficReader {
  public:
    explicit CountingReader(Kernel& kernel) : kernel_(kernel) {}
    Result<std::vector<PortTraffic>> read() override {
        const std::lock_guard open(kernel_.gate);
        ++kernel_.reads;
        return std::vector<PortTraffic>{{.port = "a/b", .connections = 1}};
    }

  private:
    Kernel& kernel_;
};

class TrafficPollTest : public testing::Test {
  protected:
    void refresh() {
        poll_->refresh([this] { ++answers_; });
    }
    /// Runs the strand until that many were answered.
    void answered(int count) {
        while (answers_ < count) {
            io_.run_one();
        }
    }

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> alive_{
        io_.get_executor()};
    Kernel kernel_;
    TimePoint now_{};
    int taken_ = 0;
    int answers_ = 0;
    std::unique_ptr<TrafficPoll> poll_ = std::make_unique<TrafficPoll>(
        io_, std::make_unique<CountingReader>(kernel_),
        [this](const TrafficRead& read) {
            EXPECT_TRUE(read.ports);
            EXPECT_TRUE(read.programs);
            ++taken_;
        },
        [this] { return now_; });
};

TEST_F(TrafficPollTest, AnswersWhenItHasRead) {
    EXPECT_EQ(kernel_.reads, 0) << "not before somebody asks";
    refresh();
    EXPECT_EQ(answers_, 0);
    answered(1);
    EXPECT_EQ(taken_, 1);
}

TEST_F(TrafficPollTest, ReadsOnceASecondAtMost) {
    refresh();
    answered(1);
    now_ += 999ms;
    refresh();
    EXPECT_EQ(answers_, 2) << "at once";
    now_ += 1ms;
    refresh();
    answered(3);
    EXPECT_EQ(kernel_.reads, 2);
    EXPECT_EQ(taken_, 2);
}

TEST_F(TrafficPollTest, WhoAsksMeanwhileIsAnsweredToo) {
    {
        const std::lock_guard closed(kernel_.gate);
        refresh();
        refresh();
        refresh();
    }
    answered(3);
    EXPECT_EQ(kernel_.reads, 1);
}

TEST_F(TrafficPollTest, TellsNobodyWhenItIsGone) {
    refresh();
    poll_.reset();
    io_.poll();
    EXPECT_EQ(answers_, 0);
    EXPECT_EQ(taken_, 0);
}

}  // namespace
}  // namespace sy
