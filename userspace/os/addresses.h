// The addresses of this node's interfaces, followed by rtnetlink.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "os/netlink.h"

namespace sy {

/// What one RTM_NEWADDR or RTM_DELADDR says.
struct AddressChange {
    uint32_t interface = 0;
    IpAddr address;
    /// The address can be used by others: it exists, its scope is wider than the host, and
    /// duplicate address detection has not to be waited for and has not failed.
    bool usable = false;

    friend bool operator==(const AddressChange&, const AddressChange&) = default;
};

/// What a datagram from NETLINK_ROUTE holds.
struct AddressNews {
    std::vector<AddressChange> changes;
    /// Sequence number of the dump that ended, 0: none did.
    uint32_t dump_ended = 0;
    /// The dump was disturbed by changes and has to be repeated.
    bool interrupted = false;
    /// errno of a refused request, 0: none was.
    int error = 0;
};

/// Reads messages; what is malformed or of another type is skipped.
AddressNews parse_address_news(std::span<const uint8_t> datagram);

/// Keeps the set of usable addresses of the network namespace in which it was opened.
class AddressWatch {
  public:
    /// Subscribes, then lists: nothing is missed.
    static Result<AddressWatch> open();

    /// Becomes readable when there may be news.
    int fd() const { return socket_.fd(); }
    /// Reads all news without waiting. Lost news are made up for by listing again. True if
    /// addresses() has changed.
    Result<bool> refresh();
    /// Sorted, without duplicates.
    const std::vector<IpAddr>& addresses() const { return addresses_; }

  private:
    explicit AddressWatch(NetlinkSocket socket) : socket_(std::move(socket)) {}

    Result<void> list();
    Result<void> request_dump();
    void take(const AddressNews& news);
    bool publish();

    NetlinkSocket socket_;
    std::vector<uint8_t> buffer_;
    uint32_t sequence_ = 0;
    std::set<std::pair<IpAddr, uint32_t>> known_;  // usable ones, and their interface
    std::vector<IpAddr> addresses_;
};

}  // namespace sy
