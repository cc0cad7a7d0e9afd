// What was logged.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"

namespace sy {

class TestLog : public Log {
  public:
    void write(LogLevel /*level*/, std::string_view message) override {
        const std::lock_guard lock(mutex_);
        text_ += std::string(message) + '\n';
        ++lines_;
    }
    std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    std::size_t lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

  private:
    mutable std::mutex mutex_;
    std::string text_;
    std::size_t lines_ = 0;
};

}  // namespace sy
