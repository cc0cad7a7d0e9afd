#include "source/kubernetes/outage.h"

namespace sy {

void Outage::failed(LogLevel level, const std::string& reason, Time now) {
    if (!since_) {
        since_ = now;
    }
    if (reason != reason_) {
        reason_ = reason;
        told_ = true;
        log_.write(level, "cannot watch " + what_ + ": " + reason);
    }
}

void Outage::answered(Time now) {
    if (since_ && told_) {
        const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(now - *since_);
        log_.info("watching " + what_ + " again after " + std::to_string(lasted.count()) + " s");
    }
    dismissed();
}

void Outage::dismissed() {
    since_.reset();
    told_ = false;
}

}  // namespace sy
