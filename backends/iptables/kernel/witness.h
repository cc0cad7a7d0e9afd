// Notices that the tables were changed, and is told what we change ourselves.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "backends/backend.h"
#include "backends/settings.h"
#include "base/result.h"

namespace sy::iptables {

/// Shared by a watch (on the strand) and the kernel (on the worker): begin() and end() may be
/// called by another thread than the rest.
class Witness : public DriftWatch {
  public:
    /// Before and after a program of ours writes. `commits`: the blocks it was given.
    virtual void begin() = 0;
    virtual void end(uint32_t commits) = 0;
};

/// In the network namespace of the calling thread.
/// nft: the kernel's notifications that name chains of ours, and its count of commits while we
/// write.
Result<std::shared_ptr<Witness>> witness_nft();
/// legacy: there are no notifications; every two seconds the tables' sizes are compared with those
/// after our own last change. So a change of foreign rules counts too.
Result<std::shared_ptr<Witness>> witness_legacy();

/// Says around a write what it is; null is fine.
class Writing {
  public:
    explicit Writing(std::shared_ptr<Witness> witness, uint32_t commits)
        : witness_(std::move(witness)), commits_(commits) {
        if (witness_) {
            witness_->begin();
        }
    }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    ~Writing() {
        if (witness_) {
            witness_->end(commits_);
        }
    }

  private:
    std::shared_ptr<Witness> witness_;
    uint32_t commits_;
};

}  // namespace sy::iptables
