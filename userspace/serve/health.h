// Is the proxy keeping up, and should this node get traffic? kube-proxy's rules, as values: the
// time is a parameter everywhere.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/ip.h"
#include "model/objects.h"
#include "serve/moment.h"

namespace sy {

/// What /healthz or /livez says.
struct HealthReport {
    struct OfFamily {
        Family family = Family::ipv4;
        WallTime last_updated;
        bool healthy = true;

        friend bool operator==(const OfFamily&, const OfFamily&) = default;
    };

    WallTime last_updated;
    WallTime current_time;
    /// Only in /healthz.
    std::optional<bool> node_eligible;
    /// All families are.
    bool healthy = true;
    std::array<OfFamily, 2> families;

    /// The answer is 200, otherwise 503.
    bool ok() const { return healthy && node_eligible.value_or(true); }
};

/// A family is unhealthy when a change has been pending for `timeout` or longer. Being idle is
/// healthy forever, and a failed sync clears nothing. All in one place for both families, but each
/// has its own clock: one that is late is not healed by the other.
class HealthState {
  public:
    struct Config {
        /// 2 x syncPeriod.
        Duration timeout = std::chrono::seconds(60);
        /// Whether a node without a Node object is not eligible: in a cluster. Manifest files need
        /// not have one.
        bool node_required = true;
    };

    /// Like kube-proxy both families count as updated from the start, before any rule exists:
    /// whoever wants to know more asks for /readyz.
    HealthState(const Config& config, const Moment& start);
    void configure(const Config& config) { config_ = config; }

    /// From now on changes count; before, they only made up the first lists. The lists themselves
    /// are pending in both families.
    void lists_complete(const Moment& now);
    /// Something has to be looked at in these families.
    void queued(FamilySet families, const Moment& now);
    /// What is pending is about to be written.
    void sync_begun();
    /// It was, or there was nothing to write (true), or it is still pending.
    void sync_ended(bool ok, const Moment& now);

    /// Null: the own Node object is not known.
    void set_node(const Node* node);

    /// The sense of /livez; what health check node ports ask for.
    bool healthy(const Moment& now) const;
    HealthReport livez(const Moment& now) const;
    HealthReport healthz(const Moment& now) const;

  private:
    struct OfFamily {
        /// Since when something is pending that no running sync has taken.
        std::optional<TimePoint> pending;
        /// And that the running sync has.
        std::optional<TimePoint> in_sync;
        WallTime last_updated;
    };

    bool late(const OfFamily& state, const Moment& now) const;
    OfFamily& of(Family family) { return families_[family == Family::ipv4 ? 0 : 1]; }

    Config config_;
    std::array<OfFamily, 2> families_;
    bool counting_ = false;
    bool node_known_ = false;
    bool node_leaving_ = false;
};

/// Ready once every family is in the kernel for the first time; stays so.
class Readiness {
  public:
    void set_lists(bool services, bool slices);
    void set_synced() { synced_ = true; }

    bool ready() const { return synced_; }
    /// What is waited for, in words; empty when ready.
    std::string missing() const;

  private:
    bool services_ = false;
    bool slices_ = false;
    bool synced_ = false;
};

}  // namespace sy
