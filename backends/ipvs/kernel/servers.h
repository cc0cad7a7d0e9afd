// The kernel's virtual servers, through one generic netlink socket.
#pragma once

#include <optional>
#include <vector>

#include "backends/ipvs/kernel.h"
#include "backends/ipvs/kernel/channel.h"
#include "backends/ipvs/kernel/server_messages.h"

namespace sy::ipvs {

class Refusals;

class Servers {
  public:
    /// In the network namespace of the calling thread; the kernel need not have IPVS yet.
    static Result<Servers> open(Traffic& traffic);

    /// Whether the kernel has IPVS now; looked up again.
    Result<bool> available();

    std::expected<void, CommitError> commit(const std::vector<Change>& changes);
    /// All servers, whoever made them, sorted by nothing in particular. Fails without IPVS.
    Result<std::vector<AnyServer>> list();
    /// The destinations of servers, one question per server; of a server that is gone, none.
    Result<std::vector<Activity>> destinations(const std::vector<ServerKey>& servers);
    /// Whether a connection is open through a server that is found by an address. One that is gone
    /// has none.
    Result<bool> has_connections(const AnyServer& server);
    /// Removes servers that are found by an address, with their destinations; fine if gone.
    Result<void> remove(const std::vector<AnyServer>& servers);

    Result<Timeouts> timeouts();
    Result<void> set_timeouts(const Timeouts& timeouts);

  private:
    explicit Servers(Channel channel) : channel_(std::move(channel)) {}

    Result<uint16_t> family();
    Result<std::vector<AnyServer>> list_once();
    Result<void> correct(const std::vector<Change>& changes,
                         const std::vector<std::size_t>& present, Refusals& refused);

    Channel channel_;
    std::optional<uint16_t> family_;
};

}  // namespace sy::ipvs
