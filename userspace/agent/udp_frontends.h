// Which UDP flows are stale: the pure half of the conntrack reconciler (SEMANTICS of kube-proxy,
// but flows of Services that became empty, changed or went away are stale as well).
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/names.h"
#include "base/net.h"
#include "model/plan.h"

namespace sy {

/// Frontends whose flows have to be looked at, with who may answer on them. Immutable once made,
/// so it can be handed to another thread.
struct UdpSuspects {
    using Serving = std::shared_ptr<const std::vector<EndpointAddr>>;

    /// By VIP and port; NodePorts have the unspecified address of their family. Null: nobody's
    /// frontend any more, so flows that were translated are stale and direct ones are legitimate.
    std::unordered_map<EndpointAddr, Serving> rules;
    /// Sorted: where NodePorts are served.
    std::vector<IpAddr> nodeport_addresses;

    /// True if a flow sent to `destination` and answered by `answering` must not go on. Loopback
    /// serves NodePorts too, to sockets that a backend has bound to an endpoint; what goes over
    /// loopback untranslated is nobody's business.
    bool stale(const EndpointAddr& destination, const EndpointAddr& answering) const;
    /// The families that have suspects.
    std::vector<Family> families() const;
};

/// Every UDP frontend that is in the kernel and its serving endpoints; collects suspects as plans
/// are committed. Suspect are frontends that are new, that lost an endpoint, that got their first
/// one, and that are gone. Endpoints that merely join make nobody suspect.
class UdpFrontends {
  public:
    /// `plan` has been committed.
    void committed(const ServicePlan& plan);
    /// The Service needs nothing any more, and the kernel knows.
    void removed(const ServiceName& name);
    /// Newly served addresses make all NodePorts suspect: flows to them were not translated.
    void set_nodeport_addresses(std::vector<IpAddr> addresses);
    /// Frontends that a former process served and nobody does now. Known frontends are skipped.
    void orphaned(std::span<const EndpointAddr> frontends);
    /// Puts suspects back that could not be looked at.
    void suspect_again(const UdpSuspects& suspects);

    bool has_suspects() const { return !suspects_.empty(); }
    UdpSuspects take_suspects();

    std::size_t size() const { return frontends_.size(); }

  private:
    struct Entry {
        ServiceName owner;
        UdpSuspects::Serving serving;
    };

    void claim(const ServiceName& owner, const EndpointAddr& frontend,
               const UdpSuspects::Serving& serving);
    void release(const ServiceName& owner, const EndpointAddr& frontend);
    /// A VIP wins over a NodePort of the same address and number.
    void shield_vips(UdpSuspects& suspects, const EndpointAddr& node_port) const;

    std::unordered_map<EndpointAddr, Entry> frontends_;
    std::unordered_map<ServiceName, std::vector<EndpointAddr>> by_service_;
    std::unordered_set<EndpointAddr> suspects_;
    std::vector<IpAddr> nodeport_addresses_;
};

}  // namespace sy
