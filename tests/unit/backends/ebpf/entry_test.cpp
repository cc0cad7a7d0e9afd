#include "backends/ebpf/entry.h"

#include <gmock/gmock.h>

#include "tests/support/plans.h"

namespace sy::ebpf {
namespace {

using test::endpoint;
using test::ip;

Frontend frontend(FrontendKind kind, std::string_view address, uint16_t port) {
    return {.kind = kind, .address = ip(address), .port = Port(port), .inside = {}, .outside = {}};
}

TEST(Entry, KeepsFrontendsOfBothFamilies) {
    const auto key4 =
        frontend_key4(Protocol::tcp, frontend(FrontendKind::cluster_ip, "10.96.0.1", 443));
    const auto entry4 = Entry::frontend(key4, 7);
    EXPECT_EQ(entry4.kind(), Kind::frontend4);
    EXPECT_EQ(entry4.id(), 7U);
    EXPECT_EQ(describe(entry4.key4()),
              (FrontendText{endpoint("10.96.0.1:443").address, Protocol::tcp, false}));

    const auto key6 =
        frontend_key6(Protocol::udp, frontend(FrontendKind::external_ip, "2001:db8::53", 53));
    const auto entry6 = Entry::frontend(key6, 70000);
    EXPECT_EQ(entry6.kind(), Kind::frontend6);
    EXPECT_EQ(entry6.id(), 70000U);
    EXPECT_EQ(describe(entry6.key6()),
              (FrontendText{endpoint("[2001:db8::53]:53").address, Protocol::udp, false}));
}

TEST(Entry, KeysAreInNetworkOrder) {
    const auto key =
        frontend_key4(Protocol::udp, frontend(FrontendKind::cluster_ip, "10.96.0.1", 53));
    const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
    EXPECT_THAT(std::vector<uint8_t>(bytes, bytes + sizeof key),
                testing::ElementsAre(10, 96, 0, 1, 0, 53, 17, SY_SCOPE_ADDRESS));
}

TEST(Entry, ANodePortIsServedOnNoParticularAddress) {
    const auto key =
        frontend_key4(Protocol::tcp, frontend(FrontendKind::node_port, "0.0.0.0", 30080));
    EXPECT_EQ(key.address, 0U);
    EXPECT_EQ(key.scope, SY_SCOPE_NODEPORT);
    EXPECT_TRUE(describe(key).node_port);
}

TEST(Entry, KeepsEndpointsOfBothFamilies) {
    for (const auto* text : {"10.244.1.11:8080", "[fd00:10:244::5]:8443"}) {
        const auto address = endpoint(text).address;
        const auto entry = Entry::endpoint(9, address);
        EXPECT_EQ(entry.index(), 9U);
        EXPECT_EQ(entry.endpoint(), address);
        EXPECT_EQ(entry.family(), address.ip.family());
    }
}

TEST(Entry, KeepsLabelsAndWords) {
    const Label label{static_cast<Symbol>(3), Family::ipv6, Protocol::udp, ListId::local, true};
    EXPECT_EQ(Entry::name(4, label).label(), label);
    const auto word = sy_service_word(0xfffffff0U, 65535, SY_SERVICE_AFFINITY);
    EXPECT_EQ(Entry::service(4, word).word(), word);
    EXPECT_EQ(Entry::slot(5, sy_slot_word(6, 7)).word(), sy_slot_word(6, 7));
    EXPECT_EQ(Entry::affinity(4, sy_affinity_word(10800, 4)).word(), sy_affinity_word(10800, 4));
}

TEST(Entry, IsOrderedAsItIsWritten) {
    EXPECT_LT(Entry::endpoint(9, endpoint("10.0.0.1:1").address), Entry::slot(1, 1));
    EXPECT_LT(Entry::slot(9, 9), Entry::service(1, 1));
    EXPECT_LT(Entry::name(9, {}), Entry::service(1, 1));
    EXPECT_LT(Entry::service(9, 9), Entry::frontend(sy_frontend4{}, 1));
    EXPECT_LT(Entry::slot(1, 9), Entry::slot(2, 1));
}

}  // namespace
}  // namespace sy::ebpf
