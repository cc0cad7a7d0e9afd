// Connections through tables that were written by netlink: the registers of our encoding, which
// nft's listing does not show.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cstring>

#include "backends/nftables/word.h"
#include "nft_lab.h"
#include "os/fd.h"

namespace sy::nft {
namespace {

using ::testing::HasSubstr;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    SocketAddress(const IpAddr& ip, uint16_t port) {
        if (ip.family() == Family::ipv4) {
            auto* in = reinterpret_cast<sockaddr_in*>(&storage);
            in->sin_family = AF_INET;
            in->sin_port = htons(port);
            std::memcpy(&in->sin_addr, ip.bytes().data(), ip.bytes().size());
            size = sizeof *in;
        } else {
            auto* in = reinterpret_cast<sockaddr_in6*>(&storage);
            in->sin6_family = AF_INET6;
            in->sin6_port = htons(port);
            std::memcpy(&in->sin6_addr, ip.bytes().data(), ip.bytes().size());
            size = sizeof *in;
        }
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

class NftPacket : public NftLab, public ::testing::WithParamInterface<Family> {
  protected:
    void SetUp() override {
        NftLab::SetUp();
        const bool v4 = GetParam() == Family::ipv4;
        vip_ = address(v4 ? "10.96.0.1" : "fd00:96::1");
        pod_ = address(v4 ? "10.244.1.11" : "fd00:244::1:11");
        const std::string ip = v4 ? "ip -4" : "ip -6";
        const std::string bits = v4 ? "/32" : "/128";
        // Otherwise the kernel takes its time before the address can be bound.
        const std::string at_once = v4 ? "" : " nodad";
        const auto ready =
            run("ip link set lo up && " + ip + " addr add " + pod_.to_string() + bits + " dev lo" +
                at_once + " && " + ip + " route add " + vip_.to_string() + bits + " dev lo && " +
                ip + " route add " + address(v4 ? "10.96.0.2" : "fd00:96::2").to_string() + bits +
                " dev lo");
        ASSERT_EQ(ready.status, 0) << ready.output;
        server_.reset(socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const SocketAddress at(pod_, kPodPort);
        ASSERT_EQ(bind(server_.get(), at.get(), at.size), 0);
        ASSERT_EQ(listen(server_.get(), 8), 0);
        transaction_.create = {config_for(GetParam())};
        transaction_.create[0].detector = NoDetector{};
    }

    // The errno of a connection to the VIP's port 80.
    int connection(const IpAddr& to) {
        const Fd client(
            socket(GetParam() == Family::ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
        // Dropped packets would make connect wait for minutes.
        const timeval limit{0, 300'000};
        setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        const SocketAddress at(to, 80);
        return connect(client.get(), at.get(), at.size) == 0 ? 0 : errno;
    }

    static constexpr uint16_t kPodPort = 8080;
    IpAddr vip_;
    IpAddr pod_;
    Fd server_;
    Transaction transaction_;
};
INSTANTIATE_TEST_SUITE_P(Families, NftPacket, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(NftPacket, ReachesTheEndpoint) {
    transaction_.add = ops({frontend(vip_, 6, 80, id_word(1) | 1),
                            endpoint(GetParam(), id_word(1), 0, pod_, kPodPort)});
    commit(transaction_);
    EXPECT_EQ(connection(vip_), 0);
    EXPECT_THAT(listing(), HasSubstr("packets 0 bytes 0 drop"));
}

TEST_P(NftPacket, HonoursSourceRanges) {
    const auto range = network(GetParam() == Family::ipv4 ? "127.0.0.0/8" : "::1/128");
    const auto word = id_word(1) | 1 | kRoleRanges | kRoleMasquerade;
    transaction_.add =
        ops({frontend(vip_, 6, 80, word), endpoint(GetParam(), id_word(1), 0, pod_, kPodPort),
             range_element(GetParam(), 2, range)});
    commit(transaction_);
    // The source is the loopback address or the pod's, which is also on this interface.
    EXPECT_NE(connection(vip_), 0);
    Transaction allow;
    allow.add = ops({range_element(GetParam(), 1, range),
                     range_element(GetParam(), 1, Cidr::make(pod_, pod_.bits()).value())});
    commit(allow);
    EXPECT_EQ(connection(vip_), 0);
}

TEST_P(NftPacket, RemembersClients) {
    const auto list = id_word(13);
    const std::array<uint8_t, 2> port{kPodPort >> 8, kPodPort & 0xff};
    transaction_.create[0].classes = {{0x200, 1, 10800}};
    transaction_.add =
        ops({frontend(vip_, 6, 80, list | 0x200),
             Element(GetParam(), SetId::aff_slots).key_word(list).key_word(0).data_word(list | 1),
             Element(GetParam(), SetId::aff_endpoints)
                 .key_word(list | 1)
                 .data_bytes(pod_.bytes())
                 .data_bytes(port)});
    commit(transaction_);
    EXPECT_EQ(connection(vip_), 0);
    const auto remembered =
        run("nft list map " + std::string(GetParam() == Family::ipv4 ? "ip" : "ip6") +
            " switchyard affinity");
    const auto loopback = GetParam() == Family::ipv4 ? "127.0.0.1" : "::1";
    EXPECT_TRUE(remembered.output.find("0:3400 . " + std::string(loopback)) != std::string::npos ||
                remembered.output.find("0:3400 . " + pod_.to_string()) != std::string::npos)
        << remembered.output;
    EXPECT_THAT(remembered.output, HasSubstr(" : 0:3401 "));
    EXPECT_EQ(connection(vip_), 0);

    // The remembered endpoint goes: the entry is forgotten, the client gets another.
    Transaction move;
    move.remove =
        ops({Element(GetParam(), SetId::aff_slots).key_word(list).key_word(0).data_word(list | 1),
             Element(GetParam(), SetId::aff_endpoints)
                 .key_word(list | 1)
                 .data_bytes(pod_.bytes())
                 .data_bytes(port)});
    move.add =
        ops({Element(GetParam(), SetId::aff_slots).key_word(list).key_word(0).data_word(list | 2),
             Element(GetParam(), SetId::aff_endpoints)
                 .key_word(list | 2)
                 .data_bytes(pod_.bytes())
                 .data_bytes(port)});
    commit(move);
    EXPECT_EQ(connection(vip_), 0);
    EXPECT_THAT(listing(), HasSubstr(" : 0:3402 "));
}

TEST_P(NftPacket, RefusesAndDrops) {
    const auto other = address(GetParam() == Family::ipv4 ? "10.96.0.2" : "fd00:96::2");
    transaction_.add = ops({frontend(vip_, 6, 80, id_word(1) | kClassReject),
                            frontend(other, 6, 80, id_word(2) | kClassDrop)});
    commit(transaction_);
    EXPECT_NE(connection(vip_), 0);
    EXPECT_NE(connection(other), 0);
}

}  // namespace
}  // namespace sy::nft
