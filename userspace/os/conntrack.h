// UDP entries of the kernel's connection tracking table.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/net.h"
#include "base/result.h"
#include "os/netlink.h"

namespace sy {

/// A tracked flow: where the first packet was sent, and who answers (or would).
struct UdpFlow {
    EndpointAddr destination;
    EndpointAddr answering;

    friend bool operator==(const UdpFlow&, const UdpFlow&) = default;
};

struct PruneReport {
    /// UDP flows looked at, and deleted.
    uint64_t seen = 0;
    uint64_t deleted = 0;
    /// Of the deleted ones, those of IPv6.
    uint64_t deleted_ipv6 = 0;
};

/// Looks at UDP flows and deletes some of them. Belongs to the network namespace in which it was
/// opened; may be used on another thread, on one at a time.
class ConntrackPruner {
  public:
    static Result<ConntrackPruner> open();

    /// Lists the table once for each of `families` (in the kernel filtered by protocol, where it
    /// can: the kernel walks all of the table each time), and deletes each flow that is `stale`, by
    /// its exact identity: a flow that has been replaced meanwhile stays. Memory use does not
    /// depend on the size of the table. A flow that ended by itself meanwhile is no failure.
    Result<PruneReport> prune(const std::function<bool(const UdpFlow&)>& stale,
                              std::span<const Family> families = kFamilies);

  private:
    ConntrackPruner(NetlinkSocket listing, NetlinkSocket deleting)
        : listing_(std::move(listing)), deleting_(std::move(deleting)) {}

    struct Pass;

    Result<void> walk(Family family, Pass& pass);
    Result<void> request_dump(Family family);
    Result<bool> take(std::span<const uint8_t> datagram, Pass& pass);
    Result<void> flush(Pass& pass);

    NetlinkSocket listing_;
    NetlinkSocket deleting_;
    std::vector<uint8_t> buffer_;
    uint32_t sequence_ = 0;
    bool filter_in_kernel_ = true;
};

}  // namespace sy
