#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/iptables/kernel/netlink_message.h"
#include "backends/iptables/kernel/saved.h"
#include "backends/iptables/kernel/witness.h"
#include "os/fd.h"
#include "os/netlink.h"

namespace sy::iptables {
namespace {

// One flush of a large foreign table is thousands of messages.
constexpr std::size_t kReceiveBuffer = 4U << 20U;

bool is_ours(Bytes name) {
    return text(name).starts_with(kChainPrefix);
}

/// Calls `f` for the payload of each attribute of one type.
template <class F>
void descend(Bytes bytes, unsigned wanted, F&& f) {
    for_each_attribute(bytes, [&](unsigned type, Bytes payload) {
        if (type == wanted) {
            f(payload);
        }
    });
}

/// Whether a rule's expressions lead to a chain of ours.
bool leads_to_ours(Bytes expressions) {
    bool ours = false;
    descend(expressions, NFTA_LIST_ELEM, [&](Bytes expression) {
        descend(expression, NFTA_EXPR_DATA, [&](Bytes immediate) {
            descend(immediate, NFTA_IMMEDIATE_DATA, [&](Bytes data) {
                descend(data, NFTA_DATA_VERDICT, [&](Bytes verdict) {
                    descend(verdict, NFTA_VERDICT_CHAIN,
                            [&](Bytes chain) { ours = ours || is_ours(chain); });
                });
            });
        });
    });
    return ours;
}

bool touches_ours(const Message& message) {
    const unsigned type = message.type & 0xffU;
    if (message.family != AF_INET && message.family != AF_INET6) {
        return false;
    }
    bool ours = false;
    if (type == NFT_MSG_NEWCHAIN || type == NFT_MSG_DELCHAIN) {
        descend(message.attributes, NFTA_CHAIN_NAME,
                [&](Bytes name) { ours = ours || is_ours(name); });
    } else if (type == NFT_MSG_NEWRULE || type == NFT_MSG_DELRULE) {
        descend(message.attributes, NFTA_RULE_CHAIN,
                [&](Bytes name) { ours = ours || is_ours(name); });
        descend(message.attributes, NFTA_RULE_EXPRESSIONS,
                [&](Bytes list) { ours = ours || leads_to_ours(list); });
    }
    return ours;
}

/// Asks for the count of commits.
class Generation {
  public:
    explicit Generation(NetlinkSocket socket) : socket_(std::move(socket)) {}

    std::optional<uint32_t> read() {
        std::vector<uint8_t> request(MNL_ALIGN(sizeof(nlmsghdr)) + sizeof(nfgenmsg));
        auto* header = mnl_nlmsg_put_header(request.data());
        header->nlmsg_type = static_cast<uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN);
        header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        header->nlmsg_seq = ++sequence_;
        mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg));
        if (!socket_.send(request)) {
            return std::nullopt;
        }
        std::optional<uint32_t> generation;
        for (bool last = false; !last;) {
            const auto datagram = socket_.receive(buffer_, true);
            if (!datagram) {
                return std::nullopt;
            }
            for_each_message(*datagram, [&](const Message& message) {
                if (message.sequence != sequence_) {
                    return;
                }
                last = last || message.is_last;
                descend(message.attributes, NFTA_GEN_ID,
                        [&](Bytes id) { generation = ntohl(number<uint32_t>(id)); });
            });
        }
        return generation;
    }

  private:
    NetlinkSocket socket_;
    std::vector<uint8_t> buffer_;
    uint32_t sequence_ = 0;
};

/// Does not listen while we write: the kernel would build a message for each of our rules. What
/// others do meanwhile shows in the number of commits.
class NftWitness final : public Witness {
  public:
    NftWitness(NetlinkSocket socket, Generation generation, Fd wake, Fd both)
        : socket_(std::move(socket)),
          generation_(std::move(generation)),
          wake_(std::move(wake)),
          both_(std::move(both)) {}

    int fd() const override { return both_.get(); }

    bool drained_drift() override {
        // Whoever waits for edges of the poller sees one only after it was asked.
        epoll_event event{};
        (void)epoll_wait(both_.get(), &event, 1, 0);
        uint64_t wakes = 0;
        (void)!read(wake_.get(), &wakes, sizeof wakes);
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
            for_each_message(*datagram, [&drift](const Message& message) {
                drift = drift || touches_ours(message);
            });
        }
    }

    // What happens between reading the count and leaving is both counted and told.
    void begin() override {
        before_ = generation_.read();
        (void)socket_.leave(NFNLGRP_NFTABLES);
    }

    void end(uint32_t commits) override {
        (void)socket_.join(NFNLGRP_NFTABLES);
        const auto after = generation_.read();
        if (!before_ || !after || *after != *before_ + commits) {
            missed_ = true;
            const uint64_t one = 1;
            (void)!write(wake_.get(), &one, sizeof one);
        }
    }

  private:
    NetlinkSocket socket_;
    Generation generation_;  // begin() and end() only
    std::optional<uint32_t> before_;
    Fd wake_;
    Fd both_;
    std::atomic<bool> missed_ = false;
    std::vector<uint8_t> buffer_;
};

bool add(const Fd& poller, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_ctl(poller.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

Result<std::shared_ptr<Witness>> witness_nft() {
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    auto asker = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!asker) {
        return std::unexpected(asker.error());
    }
    for (const auto& done :
         {socket->reserve_receive(kReceiveBuffer), socket->join(NFNLGRP_NFTABLES)}) {
        if (!done) {
            return std::unexpected(done.error());
        }
    }
    Fd wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    Fd both(epoll_create1(EPOLL_CLOEXEC));
    if (!wake || !both || !add(both, socket->fd()) || !add(both, wake.get())) {
        return fail("make a poller", {}, errno);
    }
    return std::make_shared<NftWitness>(std::move(*socket), Generation(std::move(*asker)),
                                        std::move(wake), std::move(both));
}

}  // namespace sy::iptables
