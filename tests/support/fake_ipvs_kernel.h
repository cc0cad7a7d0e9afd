// A small honest kernel behind the IPVS seam: virtual servers, destinations with connections,
// routes. It can be told to fail.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backends/ipvs/kernel.h"

namespace sy::ipvs {

/// What a FakeKernel has, shared by all kernels a test opens on it (restart of the daemon).
struct FakeState {
    struct Destination {
        uint32_t weight = 1;
        uint32_t connections = 0;
    };
    struct Server {
        std::string scheduler;
        std::map<EndpointAddr, Destination> destinations;
    };
    std::map<ServerKey, Server> servers;
    std::set<LocalRoute> routes;
    std::vector<IpAddr> interface_addresses;
    bool prepared = false;
    /// Like a kernel without the module: there is nothing to list, and all else fails.
    bool no_ipvs = false;
    /// What was carried out, in order: "add_server 5a00001", "add 5a00001 10.244.1.11:8080 1",
    /// "route 10.96.0.0/16".
    std::vector<std::string> log;
    /// Refuses a destination at such an address.
    std::function<bool(const EndpointAddr&)> poison;
    /// The next commit of changes of servers fails with this.
    std::optional<CommitError> fail_next;
};

class FakeKernel : public Kernel {
  public:
    /// `state` outlives the kernel.
    explicit FakeKernel(FakeState& state) : state_(state) {}

    Result<void> probe() override { return {}; }
    Result<void> prepare() override;
    Result<Dumped> dump() override;
    std::expected<void, CommitError> commit(const std::vector<Change>& changes) override;
    std::expected<void, CommitError> commit(const std::vector<RouteChange>& changes) override;
    Result<std::vector<Activity>> activity(const std::vector<ServerKey>& servers) override;
    Result<std::vector<IpAddr>> interface_addresses() override;
    void let_packets_pass() override { state_.log.emplace_back("packets passed"); }
    Result<void> remove_all() override;

  private:
    bool carry_out(const Change& change);

    FakeState& state_;
};

}  // namespace sy::ipvs
