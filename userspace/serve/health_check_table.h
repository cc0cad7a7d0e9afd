// Which Services want a health check node port, and what it shall say: from committed plans alone.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "agent/nodeport_addresses.h"
#include "base/names.h"
#include "base/net.h"
#include "model/plan.h"

namespace sy {

/// One address on which one Service's health check is served.
struct HealthCheckListener {
    ServiceName service;
    SocketAddress address;

    friend auto operator<=>(const HealthCheckListener&, const HealthCheckListener&) = default;
};

/// A Service has a listener in each family in which the kernel serves it.
class HealthCheckTable {
  public:
    void committed(const ServicePlan& plan);
    void removed(const ServiceName& name);

    /// Distinct addresses of local Ready endpoints; 0 also for a Service that is not (any more) in
    /// the table.
    uint32_t local_endpoints(const ServiceName& name, Family family) const;

    /// Where to listen. Families all of whose addresses serve NodePorts have the unspecified
    /// address, the others one listener per address.
    std::set<HealthCheckListener> listeners(FamilySet everywhere,
                                            std::span<const IpAddr> nodeport_addresses) const;

    bool empty() const { return entries_.empty(); }
    /// Grows whenever listeners() may give another answer for the same arguments.
    uint64_t version() const { return version_; }

  private:
    struct Entry {
        HealthCheckPlan check;
        FamilySet families;
    };

    std::map<ServiceName, Entry> entries_;
    uint64_t version_ = 0;
};

/// Families in which a selection of NodePort addresses leaves none out.
FamilySet families_everywhere(const NodePortSelection& selection);

}  // namespace sy
