// A netlink socket that carries many changes at once, and lists.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "backends/ipvs/kernel/message.h"
#include "backends/ipvs/kernel/traffic.h"
#include "os/netlink.h"

namespace sy::ipvs {

/// One request at a time. Belongs to the network namespace in which it was opened.
class Channel {
  public:
    /// `protocol` is NETLINK_GENERIC or NETLINK_ROUTE. `traffic` is counted into and must outlive
    /// the channel.
    static Result<Channel> open(int protocol, Traffic& traffic);

    /// A message the kernel refused: its place among those sent, and errno.
    struct Refusal {
        std::size_t index = 0;
        int code = 0;
    };
    /// Sends `count` messages, of which `write` writes the one of an index, 64 KB at a time. The
    /// kernel carries out each by itself and answers only what it refuses, and the last of a send:
    /// by that one knows that all were looked at.
    Result<std::vector<Refusal>> change(std::size_t count,
                                        const std::function<void(std::size_t, Message&)>& write);

    /// Asks for a list and calls `take` for each message of the answer. Lists that were disturbed
    /// (EINTR) are asked for again, after `restart`.
    Result<void> list(const std::function<void(Message&)>& write,
                      const std::function<void(const nlmsghdr&)>& take,
                      const std::function<void()>& restart);

  private:
    Channel(NetlinkSocket socket, Traffic& traffic)
        : socket_(std::move(socket)), traffic_(&traffic) {}

    Result<void> discard_pending();
    void append(Message& message, uint32_t sequence);
    Result<void> send_batch(std::size_t first, std::vector<Refusal>& refusals);
    Result<int> list_once(const std::function<void(Message&)>& write,
                          const std::function<void(const nlmsghdr&)>& take);

    NetlinkSocket socket_;
    Traffic* traffic_;
    Message message_;
    std::vector<uint8_t> batch_;
    std::size_t batched_ = 0;
    std::size_t last_at_ = 0;  // offset of the last message in batch_
    std::vector<uint8_t> buffer_;
    uint32_t sequence_ = 0;  // of the last message
};

}  // namespace sy::ipvs
