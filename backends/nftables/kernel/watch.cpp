#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "backends/nftables/kernel.h"
#include "backends/nftables/kernel/batch.h"
#include "backends/nftables/kernel/connection.h"
#include "backends/nftables/kernel/dump_message.h"
#include "backends/nftables/layout.h"
#include "os/netlink.h"

namespace sy::nft {
namespace {

// One flush of a large foreign table is thousands of messages.
constexpr std::size_t kReceiveBuffer = 4U << 20U;

// All messages of a datagram come from one transaction, so the first header tells its author.
// What we caused ourselves never reaches the socket.
Result<void> ignore_port(int fd, uint32_t port_id) {
    constexpr uint32_t kPass = UINT32_MAX;
    constexpr uint32_t kDrop = 0;
    std::array<sock_filter, 4> program{
        // Loads are in network order, the field is in the host's.
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(nlmsghdr, nlmsg_pid)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, be32(port_id), 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, kDrop),
        sock_filter BPF_STMT(BPF_RET | BPF_K, kPass),
    };
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
        return fail("filter our own nftables notifications", {}, errno);
    }
    return {};
}

// In every nftables message but those about generations, attribute 1 is the name of a table.
bool touches(std::string_view table, const NetlinkMessage& message) {
    if (message.type == message_type(NFT_MSG_NEWGEN) ||
        (message.family != address_family(Family::ipv4) &&
         message.family != address_family(Family::ipv6))) {
        return false;
    }
    AttributeReader reader(message.attributes);
    while (const auto attribute = reader.next()) {
        if (attribute->type == NFTA_TABLE_NAME) {
            return attribute->text() == table;
        }
    }
    return false;
}

class NetlinkWatch final : public TableWatch {
  public:
    NetlinkWatch(std::string_view table, NetlinkSocket socket, Connection asker, uint32_t own)
        : table_(table), socket_(std::move(socket)), asker_(std::move(asker)), own_(own) {}

    int fd() const override { return socket_.fd(); }

    bool drained_drift() override {
        bool drift = missed_.exchange(false);
        for (;;) {
            const auto datagram = socket_.receive(buffer_, false);
            if (!datagram) {
                drift = true;  // ENOBUFS: messages were lost
                if (datagram.error().code != ENOBUFS) {
                    return drift;
                }
                continue;
            }
            if (datagram->empty()) {
                return drift;
            }
            for_each_message(*datagram, [&](const NetlinkMessage& message) {
                drift = drift || (message.port_id != own_ && touches(table_, message));
                return !drift;
            });
        }
    }

    // What happens between reading the generation and leaving is both counted and notified.
    Result<void> pause() override {
        auto generation = asker_.generation();
        if (!generation) {
            return std::unexpected(generation.error());
        }
        paused_at_ = *generation;
        return socket_.leave(NFNLGRP_NFTABLES);
    }

    Result<void> resume(uint32_t own_commits) override {
        if (auto joined = socket_.join(NFNLGRP_NFTABLES); !joined) {
            return joined;
        }
        auto generation = asker_.generation();
        if (!generation) {
            missed_ = true;
            return std::unexpected(generation.error());
        }
        if (*generation != paused_at_ + own_commits) {
            missed_ = true;
        }
        return {};
    }

  private:
    std::string_view table_;  // of a layout, a constant
    NetlinkSocket socket_;
    Connection asker_;  // pause() and resume() only
    uint32_t own_;
    uint32_t paused_at_ = 0;
    std::atomic<bool> missed_ = false;
    std::vector<uint8_t> buffer_;
};

}  // namespace

Result<std::unique_ptr<TableWatch>> watch_tables(const Layout& layout, uint32_t own_port_id) {
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    auto asker = Connection::open();
    if (!asker) {
        return std::unexpected(asker.error());
    }
    for (const auto& done :
         {socket->reserve_receive(kReceiveBuffer), ignore_port(socket->fd(), own_port_id),
          socket->join(NFNLGRP_NFTABLES)}) {
        if (!done) {
            return std::unexpected(done.error());
        }
    }
    return std::make_unique<NetlinkWatch>(layout.table, std::move(*socket), std::move(*asker),
                                          own_port_id);
}

}  // namespace sy::nft
