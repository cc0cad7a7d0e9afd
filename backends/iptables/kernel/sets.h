// The kernel's ipset: a netlink socket, one request at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backends/iptables/kernel.h"
#include "backends/iptables/kernel/set_message.h"
#include "os/netlink.h"

namespace sy::iptables {

/// Fails if a set of our name is of another type than ours.
Result<void> check_type(const ListedSet& listed, const SetRef& set);

class Sets {
  public:
    /// Whether the kernel has ipset, without making it load any module.
    static bool are_loaded();
    /// In the network namespace of the calling thread. Fails where the kernel has no ipset.
    static Result<Sets> open();

    /// The header of every set, of anybody.
    Result<std::vector<ListedSet>> headers();
    /// Members of one of our sets; ENOENT: there is none.
    Result<std::vector<Member>> members(const SetRef& set);

    /// In order; what comes before the first that fails stays done.
    std::expected<void, CommitError> apply(const std::vector<SetOp>& ops);

    /// EEXIST: there is one of this name.
    Result<void> create(const SetShape& shape);
    /// Waits a little for rules to let go of it, which in the nft variant takes the kernel a moment
    /// after the commit. ENOENT: there is none; EBUSY: rules still refer to it.
    Result<void> destroy(const std::string& name);

  private:
    explicit Sets(NetlinkSocket socket) : socket_(std::move(socket)) {}
    RequestHead next() { return {protocol_, ++sequence_}; }
    /// Sends a request and gives each message of the answer to `f`; the last message is returned.
    /// Views in it are valid until the next request.
    Result<Message> ask(const std::vector<uint8_t>& request,
                        const std::function<void(const Message&)>& f = {});
    Result<void> negotiate();
    Result<uint8_t> revision_of(SetType type, Family family);
    /// Takes consecutive changes of one kind in one set off the front of `ops`.
    std::expected<std::size_t, CommitError> change(const std::vector<SetOp>& ops,
                                                   std::size_t first);

    NetlinkSocket socket_;
    std::vector<uint8_t> buffer_;
    uint8_t protocol_ = kNewestProtocol;
    uint32_t sequence_ = 0;
    /// By family and type; what the kernel was asked for already.
    std::array<std::array<std::optional<uint8_t>, 6>, 2> revisions_;
};

}  // namespace sy::iptables
