// What the agent asks of any backend. No backend type leaks through here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/log.h"
#include "base/names.h"
#include "base/result.h"
#include "model/cluster_state.h"

namespace sy {

/// How a packet is recognised as coming from a pod of this node.
struct NoDetector {
    friend bool operator==(const NoDetector&, const NoDetector&) = default;
};
/// By source address (modes ClusterCIDR and NodeCIDR). Families without a network have no detector.
struct CidrDetector {
    std::vector<Cidr> cidrs;
    friend bool operator==(const CidrDetector&, const CidrDetector&) = default;
};
/// By input interface (modes BridgeInterface and InterfaceNamePrefix).
struct InterfaceDetector {
    std::string name;
    bool is_prefix = false;
    friend bool operator==(const InterfaceDetector&, const InterfaceDetector&) = default;
};
using LocalDetector = std::variant<NoDetector, CidrDetector, InterfaceDetector>;

/// Facts that hold for the whole node rather than for a Service.
struct NodeFacts {
    /// Addresses that serve NodePorts, both families, sorted. Never loopback.
    std::vector<IpAddr> nodeport_addresses;
    /// Sorted, disjoint.
    std::vector<Cidr> service_cidrs;
    LocalDetector detector;
    bool masquerade_all = false;

    friend bool operator==(const NodeFacts&, const NodeFacts&) = default;
};

/// A Service that could not be programmed although the rest could.
struct Quarantined {
    ServiceName service;
    Error error;
};

/// What an apply did.
struct ApplyReport {
    /// Nothing: all done, but for `quarantined`. Otherwise the kernel refused as a whole (no
    /// permission, no memory): no Service of the delta may be taken as programmed.
    std::optional<Error> failure;
    std::vector<Quarantined> quarantined;
    /// Kernel transactions committed, and kernel objects (elements, rules, entries) written.
    uint64_t transactions = 0;
    uint64_t writes = 0;
};

/// What an adopt or audit found.
struct KernelReport {
    /// Kernel objects of ours that were found.
    uint64_t found = 0;
    /// Objects that differ from what we know to have written (audit only).
    uint64_t drifted = 0;
    /// Everything of ours was gone or of another layout and was, or has to be, written anew.
    bool rebuilt = false;
};

/// How full one kernel map (or set) is.
struct MapFill {
    /// The backend's name of it; lives as long as the program.
    std::string_view map;
    Family family = Family::ipv4;
    uint64_t elements = 0;
    /// 0: without a limit of its own.
    uint64_t capacity = 0;

    friend bool operator==(const MapFill&, const MapFill&) = default;
};

/// Tells when somebody else changed our kernel objects. Lives on the strand.
class DriftWatch {
  public:
    virtual ~DriftWatch() = default;
    /// Becomes readable when there may be news.
    virtual int fd() const = 0;
    /// Reads all news without blocking; true if objects of ours were changed by someone else, or
    /// if news was lost.
    virtual bool drained_drift() = 0;
};

/// Ends UDP sockets that would go on talking to an endpoint that is gone: those a backend has bound
/// to it itself, where no connection tracking can help. Used by one thread at a time, which need
/// not be the backend's; independent of the backend's life.
class SocketPruner {
  public:
    struct Report {
        /// Sockets looked at, and ended.
        uint64_t seen = 0;
        uint64_t ended_ipv4 = 0;
        uint64_t ended_ipv6 = 0;
    };
    /// Whether a flow sent to `destination` and answered by `answering` must not go on.
    using Stale =
        std::function<bool(const EndpointAddr& destination, const EndpointAddr& answering)>;

    virtual ~SocketPruner() = default;
    /// Looks at every such socket of the machine once. One that ended by itself is no failure.
    virtual Result<Report> prune(const Stale& stale) = 0;
};

/// What went through one Service port in one family, since the kernel first knew it.
struct PortTraffic {
    /// "namespace/service:port", or without the colon for a port without a name.
    std::string port;
    Family family = Family::ipv4;
    Protocol protocol = Protocol::tcp;
    uint64_t connections = 0;
    uint64_t refusals = 0;

    friend bool operator==(const PortTraffic&, const PortTraffic&) = default;
};

/// How often a backend's programs came to some result.
struct ProgramCount {
    /// The backend's name of it; lives as long as the program.
    std::string_view result;
    uint64_t count = 0;

    friend bool operator==(const ProgramCount&, const ProgramCount&) = default;
};

/// Reads what the kernel counted per Service port. Used by one thread at a time, which need not be
/// the backend's; independent of the backend's life.
class TrafficReader {
  public:
    virtual ~TrafficReader() = default;
    /// In no order; each combination of port, family and protocol once.
    virtual Result<std::vector<PortTraffic>> read() = 0;
    /// Over everything, since the programs were first at work; always in the same order.
    virtual Result<std::vector<ProgramCount>> read_programs() {
        return std::vector<ProgramCount>{};
    }
};

/// A dataplane. Used by one worker thread at a time; the calls block on the kernel.
/// Life: probe, watch, adopt, then any number of apply and audit. Destruction leaves the kernel as
/// it is.
class Backend {
  public:
    virtual ~Backend() = default;

    /// Tries every kernel feature the backend needs, without leaving a trace. The error names the
    /// missing feature and the mend.
    virtual Result<void> probe() = 0;

    /// Reads what a previous process left. Writes nothing. Ends in a state from which the
    /// following apply calls write only the difference.
    virtual Result<KernelReport> adopt() = 0;

    /// Brings the kernel from the state after the last call to one where `facts` and the plans of
    /// `delta` hold. Services of earlier deltas stay as they were. With `complete`, this delta ends
    /// the first pass over all Services: what was adopted and not claimed since is removed.
    virtual ApplyReport apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) = 0;

    /// Reads the kernel, compares it with what was written and mends the difference.
    virtual Result<KernelReport> audit() = 0;

    /// Watches the kernel objects of this backend for changes by others. The watch belongs to the
    /// network namespace of the calling thread and may be used on another thread.
    virtual Result<std::unique_ptr<DriftWatch>> watch() = 0;

    /// Removes everything of ours from the kernel. Idempotent; needs no adopt before.
    virtual Result<void> teardown() = 0;

    /// VIP frontends that adopt found in the kernel for UDP and that no plan has claimed after the
    /// complete pass: Services deleted while no daemon ran. For the conntrack reconciler.
    virtual std::vector<EndpointAddr> orphaned_udp_frontends() const = 0;

    /// Null: this backend binds no socket to an endpoint.
    virtual std::unique_ptr<SocketPruner> socket_pruner() { return nullptr; }
    /// Null: this backend does not count per Service.
    virtual std::unique_ptr<TrafficReader> traffic_reader() { return nullptr; }

    /// How long from now until tend() should be called; nothing: there is no need. Asked after
    /// every call of adopt, apply, audit and tend.
    virtual std::optional<std::chrono::milliseconds> tend_in() const { return std::nullopt; }
    /// Goes on with what takes its time: endpoints that are gone and whose connections live on.
    virtual Result<void> tend() { return {}; }

    /// All maps that exist, as far as we know without asking the kernel; always in the same order.
    virtual std::vector<MapFill> fill() const = 0;
};

/// What a former backend needs time for after another one has taken over from it.
class Retirement {
  public:
    virtual ~Retirement() = default;
    /// Removes what can go by now. How long until the next call; nothing: all is gone.
    virtual Result<std::optional<std::chrono::milliseconds>> go_on() = 0;
};

}  // namespace sy
