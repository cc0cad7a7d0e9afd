// Who holds a frontend that several Services, or several ports of one Service, ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/names.h"
#include "model/frontends.h"
#include "model/handovers.h"
#include "model/objects.h"
#include "model/plan.h"

namespace sy {

/// A frontend a Service asks for, and as what.
struct Claim {
    FrontendKey key;
    FrontendKind kind = FrontendKind::cluster_ip;

    friend auto operator<=>(const Claim&, const Claim&) = default;
};

/// All frontends `service` asks for, sorted, each key once (as the kind that counts most).
std::vector<Claim> claims_of(const Service& service);

/// The registry of claims. Exactly one claimant holds a contested frontend: the better kind
/// (ClusterIP, load balancer address, external address), among equals the smaller Service name.
/// So the holder does not depend on who came first. Owners are names whose addresses stay valid
/// while they have claims.
class Claims {
  public:
    using Owner = const ServiceName*;

    /// Replaces the claims of `owner`: `before` must be what it registered last. Tells
    /// `handovers` what changed hands. Returns the other Services whose plan may have changed.
    std::vector<Owner> replace(Owner owner, const std::vector<Claim>& before,
                               const std::vector<Claim>& after, Handovers& handovers);

    /// The holder if somebody other than `owner` holds `key`, else null.
    Owner rival(const FrontendKey& key, Owner owner) const;

    bool empty() const { return held_.empty() && waiting_.empty(); }

  private:
    // 32 bytes: there is one per frontend of the cluster.
    struct Held {
        FrontendKey key;
        FrontendKind kind;
        Owner owner;
    };
    struct KeyHash {
        using is_transparent = void;
        std::size_t operator()(const Held& held) const noexcept { return (*this)(held.key); }
        std::size_t operator()(const FrontendKey& key) const noexcept {
            return std::hash<FrontendKey>{}(key);
        }
    };
    struct KeyEqual {
        using is_transparent = void;
        bool operator()(const Held& a, const Held& b) const { return a.key == b.key; }
        bool operator()(const Held& a, const FrontendKey& b) const { return a.key == b; }
        bool operator()(const FrontendKey& a, const Held& b) const { return a == b.key; }
    };
    struct Candidate {
        FrontendKind kind;
        Owner owner;
    };
    struct Better {
        bool operator()(const Candidate& a, const Candidate& b) const {
            return a.kind != b.kind ? a.kind < b.kind : *a.owner < *b.owner;
        }
    };
    using Waiting = std::set<Candidate, Better>;
    /// Where one call of replace reports to.
    struct Report {
        Handovers& handovers;
        std::vector<Owner> affected;
    };

    void add(Owner owner, const Claim& claim, Report& report);
    void remove(Owner owner, const Claim& claim, Report& report);

    std::unordered_set<Held, KeyHash, KeyEqual> held_;
    std::map<FrontendKey, Waiting> waiting_;  // contested frontends only
};

/// Takes the frontends out of `plan` that `owner` does not hold: those of other Services, and of
/// two ports of its own that ask for the same one, that of the port with the larger name. What
/// is lost is recorded in the plan; lists that nothing refers to any more are emptied.
void settle(ServicePlan& plan, const Claims& claims, Claims::Owner owner);

}  // namespace sy
