// Our routes in table local, and the addresses that need none.
#pragma once

#include <vector>

#include "backends/ipvs/kernel.h"
#include "backends/ipvs/kernel/channel.h"

namespace sy::ipvs {

class Routes {
  public:
    /// In the network namespace of the calling thread.
    static Result<Routes> open(Traffic& traffic);

    std::expected<void, CommitError> commit(const std::vector<RouteChange>& changes);
    /// Ours, sorted.
    Result<std::vector<LocalRoute>> list();
    /// Addresses of interfaces other than lo and kube-ipvs0, sorted.
    Result<std::vector<IpAddr>> interface_addresses();

  private:
    Routes(Channel channel, uint32_t loopback)
        : channel_(std::move(channel)), loopback_(loopback) {}

    Channel channel_;
    uint32_t loopback_;
};

}  // namespace sy::ipvs
