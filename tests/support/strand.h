// A strand on a thread of its own, for tests that talk to it from outside.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

namespace sy {

class Strand {
  public:
    Strand() : thread_([this] { io_.run(); }) {}
    Strand(const Strand&) = delete;
    Strand& operator=(const Strand&) = delete;
    ~Strand() {
        io_.stop();
        thread_.join();
    }

    boost::asio::io_context& io() { return io_; }

    /// Runs `work` there and waits for it.
    template <class Work>
    auto run(Work work) {
        std::packaged_task<decltype(work())()> task(std::move(work));
        auto done = task.get_future();
        boost::asio::post(io_, [&task] { task(); });
        return done.get();
    }

  private:
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    std::thread thread_;  // last: starts when the rest is there
};

}  // namespace sy
