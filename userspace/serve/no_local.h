// How many Service ports with a Local policy have endpoints, but none here.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "base/names.h"
#include "model/plan.h"

namespace sy {

/// Counts of port keys by family and policy over all committed plans.
class NoLocalEndpoints {
  public:
    struct Counts {
        /// By family: IPv4, IPv6.
        std::array<uint32_t, 2> internal{};
        std::array<uint32_t, 2> external{};

        friend bool operator==(const Counts&, const Counts&) = default;
    };

    void committed(const ServicePlan& plan);
    void removed(const ServiceName& name);

    const Counts& total() const { return total_; }

  private:
    Counts total_;
    /// Only Services with such ports.
    std::unordered_map<ServiceName, Counts> of_service_;
};

}  // namespace sy
