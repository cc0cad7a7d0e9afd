// The kernel half of the conntrack reconciler, against the real connection tracking table of a
// network namespace of its own.
#include "os/conntrack.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "os/fd.h"
#include "os/sysctl.h"

namespace sy {
namespace {

IpAddr ip(const char* text) {
    return *IpAddr::parse(text);
}
EndpointAddr at(const char* address, uint16_t port) {
    return {ip(address), Port{port}};
}

bool shell(const std::string& command) {
    return std::system(command.c_str()) == 0;
}

/// A flow as it stands in the table.
struct Entry {
    uint8_t protocol = IPPROTO_UDP;
    EndpointAddr client;
    EndpointAddr destination;
    EndpointAddr answering;
};

class Table {
  public:
    Table() : handle_(nfct_open(CONNTRACK, 0), nfct_close) {}

    bool insert(const Entry& entry) {
        const std::unique_ptr<nf_conntrack, decltype(&nfct_destroy)> ct(nfct_new(), nfct_destroy);
        const bool v4 = entry.client.ip.family() == Family::ipv4;
        const uint8_t family = v4 ? AF_INET : AF_INET6;
        nfct_set_attr_u8(ct.get(), ATTR_L3PROTO, family);
        nfct_set_attr_u8(ct.get(), ATTR_L4PROTO, entry.protocol);
        nfct_set_attr_u8(ct.get(), ATTR_REPL_L3PROTO, family);
        nfct_set_attr_u8(ct.get(), ATTR_REPL_L4PROTO, entry.protocol);
        const auto address = [&](nf_conntrack_attr attr4, nf_conntrack_attr attr6,
                                 const IpAddr& value) {
            nfct_set_attr(ct.get(), v4 ? attr4 : attr6, value.bytes().data());
        };
        address(ATTR_IPV4_SRC, ATTR_IPV6_SRC, entry.client.ip);
        address(ATTR_IPV4_DST, ATTR_IPV6_DST, entry.destination.ip);
        address(ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC, entry.answering.ip);
        address(ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_DST, entry.client.ip);
        nfct_set_attr_u16(ct.get(), ATTR_PORT_SRC, entry.client.port.be16());
        nfct_set_attr_u16(ct.get(), ATTR_PORT_DST, entry.destination.port.be16());
        nfct_set_attr_u16(ct.get(), ATTR_REPL_PORT_SRC, entry.answering.port.be16());
        nfct_set_attr_u16(ct.get(), ATTR_REPL_PORT_DST, entry.client.port.be16());
        nfct_set_attr_u32(ct.get(), ATTR_TIMEOUT, 600);
        if (entry.protocol == IPPROTO_TCP) {
            nfct_set_attr_u8(ct.get(), ATTR_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
        }
        return nfct_query(handle_.get(), NFCT_Q_CREATE, ct.get()) == 0;
    }

  private:
    std::unique_ptr<nfct_handle, decltype(&nfct_close)> handle_;
};

class ConntrackTest : public testing::Test {
  protected:
    void SetUp() override {
        // A new namespace for every test; the former one goes with its last user.
        if (unshare(CLONE_NEWNET) != 0) {
            GTEST_SKIP() << "network namespaces need root";
        }
        ASSERT_TRUE(shell("ip link set lo up"));
        table_.emplace();
        auto pruner = ConntrackPruner::open();
        ASSERT_TRUE(pruner) << pruner.error().message();
        pruner_.emplace(std::move(*pruner));
    }

    /// All UDP destinations there are; deletes nothing.
    std::multiset<EndpointAddr> destinations() {
        std::multiset<EndpointAddr> out;
        const auto report = pruner_->prune([&out](const UdpFlow& flow) {
            out.insert(flow.destination);
            return false;
        });
        EXPECT_TRUE(report) << (report ? "" : report.error().message());
        return out;
    }

    std::optional<Table> table_;
    std::optional<ConntrackPruner> pruner_;
};

TEST_F(ConntrackTest, AnEmptyTableIsNoTrouble) {
    const auto report = pruner_->prune([](const UdpFlow&) { return true; });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->seen, 0U);
    EXPECT_EQ(report->deleted, 0U);
}

TEST_F(ConntrackTest, DeletesExactlyWhatIsStaleInBothFamilies) {
    const EndpointAddr vip4 = at("10.96.0.10", 53);
    const EndpointAddr vip6 = at("fd00:96::10", 53);
    ASSERT_TRUE(table_->insert({.client = at("10.1.0.1", 4000),
                                .destination = vip4,
                                .answering = at("10.244.0.1", 5353)}));
    ASSERT_TRUE(table_->insert({.client = at("10.1.0.1", 4001),
                                .destination = vip4,
                                .answering = at("10.244.0.2", 5353)}));
    ASSERT_TRUE(table_->insert({.client = at("fd00:1::1", 4000),
                                .destination = vip6,
                                .answering = at("fd00:244::1", 5353)}));
    ASSERT_TRUE(table_->insert({.client = at("fd00:1::1", 4001),
                                .destination = at("fd00:96::99", 53),
                                .answering = at("fd00:96::99", 53)}));
    std::vector<UdpFlow> seen;
    const auto report = pruner_->prune([&](const UdpFlow& flow) {
        seen.push_back(flow);
        return flow.answering == at("10.244.0.1", 5353) || flow.destination == vip6;
    });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->seen, 4U);
    EXPECT_EQ(report->deleted, 2U);
    EXPECT_THAT(seen, testing::Contains(UdpFlow{vip6, at("fd00:244::1", 5353)}));
    EXPECT_THAT(destinations(), testing::ElementsAre(vip4, at("fd00:96::99", 53)));
}

TEST_F(ConntrackTest, LooksAtTheFamiliesItIsAskedFor) {
    for (const auto& [client, vip] :
         {std::pair{"10.1.0.1", "10.96.0.10"}, std::pair{"fd00:1::1", "fd00:96::10"}}) {
        ASSERT_TRUE(table_->insert(
            {.client = at(client, 4000), .destination = at(vip, 53), .answering = at(vip, 53)}));
    }
    const std::array only{Family::ipv6};
    const auto report = pruner_->prune([](const UdpFlow&) { return true; }, only);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->seen, 1U);
    EXPECT_EQ(report->deleted_ipv6, 1U);
    EXPECT_THAT(destinations(), testing::ElementsAre(at("10.96.0.10", 53)));
}

TEST_F(ConntrackTest, OtherProtocolsAreNeverShownOrTouched) {
    ASSERT_TRUE(table_->insert({.protocol = IPPROTO_TCP,
                                .client = at("10.1.0.1", 4000),
                                .destination = at("10.96.0.10", 53),
                                .answering = at("10.244.0.1", 53)}));
    const auto report = pruner_->prune([](const UdpFlow&) { return true; });
    ASSERT_TRUE(report);
    EXPECT_EQ(report->seen, 0U);
    EXPECT_TRUE(shell("test $(conntrack -C) -eq 1")) << "the TCP entry must still be there";
}

TEST_F(ConntrackTest, EntriesOfAnotherZoneAreDeletedByTheirZone) {
    ASSERT_TRUE(
        shell("conntrack -I -p udp -s 10.1.0.1 -d 10.96.0.10 --sport 4000 --dport 53 "
              "-t 600 -w 7 >/dev/null 2>&1"));
    ASSERT_TRUE(
        shell("conntrack -I -p udp -s 10.1.0.1 -d 10.96.0.10 --sport 4000 --dport 53 "
              "-t 600 >/dev/null 2>&1"));
    const auto report = pruner_->prune([](const UdpFlow&) { return true; });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->deleted, 2U);
}

TEST_F(ConntrackTest, AHundredThousandEntriesStreamThrough) {
    // The limit is the host's and not ours to change.
    const auto limit = Sysctl{}.read("net/netfilter/nf_conntrack_max").value_or(65536);
    const auto count = static_cast<uint32_t>(std::min<uint64_t>(100'000, limit * 8 / 10));
    for (uint32_t i = 0; i < count; ++i) {
        const EndpointAddr client{
            IpAddr::v4(10, 1, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8)),
            Port{static_cast<uint16_t>(1024 + (i & 0xff))}};
        ASSERT_TRUE(table_->insert({.client = client,
                                    .destination = at("10.96.0.10", 53),
                                    .answering = at("10.244.0.1", i % 4 == 0 ? 5353 : 5354)}))
            << i;
    }
    const auto report =
        pruner_->prune([](const UdpFlow& flow) { return flow.answering.port == Port{5353}; });
    ASSERT_TRUE(report) << report.error().message();
    // The table may be resized or walked unevenly while entries go; none may be touched wrongly.
    EXPECT_LE(report->deleted, (count + 3) / 4);
    uint64_t wrong = 0;
    const auto left = pruner_->prune([&wrong](const UdpFlow& flow) {
        wrong += flow.answering.port == Port{5353} ? 1 : 0;
        return false;
    });
    ASSERT_TRUE(left);
    EXPECT_EQ(left->seen, count - (count + 3) / 4);
    EXPECT_EQ(wrong, 0U);
}

// The flow is really translated by the kernel, and the next datagram of the same socket follows the
// new rule once the stale entry is gone.
TEST_F(ConntrackTest, ARealFlowMovesToTheNewEndpoint) {
    ASSERT_TRUE(
        shell("ip addr add 10.0.0.1/32 dev lo && ip addr add 10.0.0.2/32 dev lo && "
              "ip route add default dev lo"));
    const auto translate_to = [](const std::string& endpoint) {
        return shell(
            "nft 'add table ip t; flush table ip t; "
            "add chain ip t out { type nat hook output priority -100; }; "
            "add rule ip t out ip daddr 10.96.0.10 udp dport 53 dnat to " +
            endpoint + ":5353'");
    };
    const auto socket_on = [](const char* address, uint16_t port) {
        Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(port);
        inet_pton(AF_INET, address, &name.sin_addr);
        EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        return fd;
    };
    const auto received = [](const Fd& fd) {
        char byte = 0;
        return recv(fd.get(), &byte, 1, MSG_DONTWAIT) == 1;
    };
    const Fd pod1 = socket_on("10.0.0.1", 5353);
    const Fd pod2 = socket_on("10.0.0.2", 5353);
    const Fd client = socket_on("10.0.0.1", 4000);
    const auto send_one = [&client] {
        sockaddr_in vip{};
        vip.sin_family = AF_INET;
        vip.sin_port = htons(53);
        inet_pton(AF_INET, "10.96.0.10", &vip.sin_addr);
        return sendto(client.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&vip),
                      sizeof vip) == 1;
    };
    ASSERT_TRUE(translate_to("10.0.0.1"));
    ASSERT_TRUE(send_one());
    ASSERT_TRUE(received(pod1));
    ASSERT_TRUE(translate_to("10.0.0.2"));
    ASSERT_TRUE(send_one());
    ASSERT_TRUE(received(pod1)) << "an established flow keeps its endpoint";
    const auto report = pruner_->prune([](const UdpFlow& flow) {
        return flow.destination == at("10.96.0.10", 53) && flow.answering != at("10.0.0.2", 5353);
    });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->deleted, 1U);
    ASSERT_TRUE(send_one());
    EXPECT_TRUE(received(pod2));
    EXPECT_FALSE(received(pod1));
}

}  // namespace
}  // namespace sy
