// One thread for what blocks.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>

namespace sy {

/// Carries out jobs one at a time, in the order they were posted, on a thread of its own.
class Worker {
  public:
    /// Must not throw.
    using Work = std::move_only_function<void()>;

    Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    /// Waits for the job that runs; jobs that have not begun are dropped.
    ~Worker();

    /// From any thread. Never blocks for long.
    void post(Work work);

  private:
    void loop();

    std::mutex mutex_;
    std::condition_variable news_;
    std::queue<Work> queue_;
    bool stopping_ = false;
    std::thread thread_;  // last: starts when the rest is there
};

}  // namespace sy
