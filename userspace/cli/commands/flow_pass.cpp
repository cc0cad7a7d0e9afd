#include "cli/commands/flow_pass.h"

namespace sy {

Result<FlowReport> FlowPass::run(const UdpSuspects& suspects) {
    const auto flows = tracked_.prune(
        [&suspects](const UdpFlow& flow) {
            return suspects.stale(flow.destination, flow.answering);
        },
        suspects.families());
    Result<SocketPruner::Report> sockets;
    if (sockets_) {
        sockets =
            sockets_->prune([&](const EndpointAddr& destination, const EndpointAddr& answering) {
                return suspects.stale(destination, answering);
            });
    }
    if (!flows) {
        return std::unexpected(flows.error());
    }
    if (!sockets) {
        return std::unexpected(sockets.error());
    }
    return FlowReport{.seen = flows->seen + sockets->seen,
                      .deleted_ipv4 = flows->deleted - flows->deleted_ipv6,
                      .deleted_ipv6 = flows->deleted_ipv6,
                      .ended_ipv4 = sockets->ended_ipv4,
                      .ended_ipv6 = sockets->ended_ipv6};
}

}  // namespace sy
