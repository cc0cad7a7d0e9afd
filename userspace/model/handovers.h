// Frontends that change hands between two takes of the cluster state.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/names.h"
#include "model/frontends.h"

namespace sy {

/// Remembers which Services must be told in one batch, because one has in the kernel what another
/// one gets now. Holds something only of Services that have changed and were not told yet. Owners
/// are names whose addresses stay valid that long.
class Handovers {
  public:
    using Owner = const ServiceName*;

    /// The frontend went from one to the other.
    void passed(Owner from, Owner to);
    /// `owner` gave up the frontend and nobody waited for it.
    void freed(const FrontendKey& key, Owner owner);
    /// `owner` got the frontend, which nobody held.
    void acquired(const FrontendKey& key, Owner owner);

    /// Those that must be told with `owner`; everything about `owner` is forgotten.
    std::vector<Owner> extract_partners(Owner owner);

    bool empty() const { return pending_.empty() && freed_.empty(); }

  private:
    struct Pending {
        std::vector<Owner> partners;
        std::vector<FrontendKey> freed;
    };

    std::unordered_map<Owner, Pending> pending_;
    std::unordered_multimap<FrontendKey, Owner> freed_;
};

}  // namespace sy
