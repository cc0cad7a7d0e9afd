#include "tests/support/traffic.h"

namespace sy::lab {

Traffic::Traffic(const Lab& lab, const Flow& flow)
    : flow_(flow), thread_([this, &lab] {
          while (!stopping_) {
              ++outcomes_[describe(lab, attempt(lab, flow_))];
              ++count_;
          }
      }) {}

void Traffic::wait_for(unsigned long n) const {
    const unsigned long goal = count_ + n;
    while (count_ < goal) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

const std::map<std::string, unsigned long>& Traffic::stop() {
    stopping_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
    return outcomes_;
}

}  // namespace sy::lab
