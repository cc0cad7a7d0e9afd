#include "agent/worker.h"

#include <utility>

namespace sy {

Worker::Worker() : thread_([this] { loop(); }) {}

Worker::~Worker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    news_.notify_one();
    thread_.join();
}

void Worker::post(Work work) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push(std::move(work));
    }
    news_.notify_one();
}

void Worker::loop() {
    for (;;) {
        Work work;
        {
            std::unique_lock lock(mutex_);
            news_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_) {
                return;
            }
            work = std::move(queue_.front());
            queue_.pop();
        }
        work();
    }
}

}  // namespace sy
