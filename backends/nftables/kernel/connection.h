// A netlink socket that speaks nftables: one request at a time.
#pragma once

#include <functional>
#include <vector>

#include "backends/nftables/kernel/batch.h"
#include "backends/nftables/kernel/dump_message.h"
#include "os/netlink.h"

namespace sy::nft {

class Connection {
  public:
    /// In the network namespace of the calling thread.
    static Result<Connection> open();

    uint32_t port_id() const { return socket_.port_id(); }

    /// Sends a batch and gives the kernel's refusals: none means that it is committed.
    Result<std::vector<Batch::Refusal>> transact(Batch& batch);

    /// What a dump is restricted to; the attributes are the request's first two.
    struct Request {
        int type = 0;
        Family family = Family::ipv4;
        std::string_view table{};
        std::string_view set{};
    };
    /// Asks for a list and calls `f` for each message of the answer. EINTR: the ruleset changed
    /// meanwhile, and what was told is to be thrown away.
    Result<void> dump(const Request& request, const std::function<void(const NetlinkMessage&)>& f);

    /// The ruleset's generation: one more with every transaction that anybody commits.
    Result<uint32_t> generation();

  private:
    Result<void> answers(uint32_t sequence, std::string_view on,
                         const std::function<void(const NetlinkMessage&)>& f);
    explicit Connection(NetlinkSocket socket) : socket_(std::move(socket)) {}
    Result<void> discard_pending();

    NetlinkSocket socket_;
    std::vector<uint8_t> buffer_;
    uint32_t sequence_ = 0;
};

}  // namespace sy::nft
