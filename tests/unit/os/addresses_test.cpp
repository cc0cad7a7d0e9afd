#include "os/addresses.h"

#include <gmock/gmock.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IpAddr ip(const char* text) {
    return *IpAddr::parse(text);
}

struct Spec {
    uint16_t type = RTM_NEWADDR;
    uint8_t scope = RT_SCOPE_UNIVERSE;
    uint32_t flags = 0;
    const char* local = nullptr;
    const char* address = nullptr;
};

std::vector<uint8_t> message(const Spec& spec) {
    std::vector<uint8_t> buffer(256);
    nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_type = spec.type;
    auto* body = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifaddrmsg)));
    body->ifa_index = 7;
    body->ifa_scope = spec.scope;
    const auto put = [header](uint16_t type, const char* text) {
        if (text != nullptr) {
            const IpAddr address = ip(text);
            mnl_attr_put(header, type, address.bytes().size(), address.bytes().data());
        }
    };
    put(IFA_ADDRESS, spec.address);
    put(IFA_LOCAL, spec.local);
    mnl_attr_put_u32(header, IFA_FLAGS, spec.flags);
    buffer.resize(header->nlmsg_len);
    return buffer;
}

std::vector<AddressChange> changes(const Spec& spec) {
    return parse_address_news(message(spec)).changes;
}

TEST(AddressNews, AnAddressAppearsAndGoes) {
    EXPECT_THAT(changes({.address = "192.0.2.1"}),
                ElementsAre(AddressChange{7, ip("192.0.2.1"), true}));
    EXPECT_THAT(changes({.type = RTM_DELADDR, .address = "192.0.2.1"}),
                ElementsAre(AddressChange{7, ip("192.0.2.1"), false}));
}

TEST(AddressNews, OnAPointToPointLinkOurEndCounts) {
    EXPECT_THAT(changes({.local = "192.0.2.1", .address = "192.0.2.2"}),
                ElementsAre(AddressChange{7, ip("192.0.2.1"), true}));
}

TEST(AddressNews, HostScopeAndLoopbackAreOfNoUseToOthers) {
    EXPECT_FALSE(changes({.scope = RT_SCOPE_HOST, .address = "10.0.0.1"})[0].usable);
    EXPECT_FALSE(changes({.address = "127.0.0.1"})[0].usable);
    EXPECT_FALSE(changes({.address = "::1"})[0].usable);
    EXPECT_TRUE(changes({.scope = RT_SCOPE_LINK, .address = "fe80::1"})[0].usable);
}

TEST(AddressNews, DuplicateAddressDetectionIsWaitedFor) {
    EXPECT_FALSE(changes({.flags = IFA_F_TENTATIVE, .address = "2001:db8::1"})[0].usable);
    EXPECT_FALSE(changes({.flags = IFA_F_DADFAILED, .address = "2001:db8::1"})[0].usable);
    EXPECT_TRUE(
        changes({.flags = IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, .address = "2001:db8::1"})[0].usable);
    EXPECT_TRUE(changes({.flags = IFA_F_DEPRECATED, .address = "2001:db8::1"})[0].usable);
    EXPECT_TRUE(changes({.flags = IFA_F_PERMANENT, .address = "2001:db8::1"})[0].usable);
}

TEST(AddressNews, WhatIsMalformedIsSkipped) {
    EXPECT_THAT(changes({}), IsEmpty()) << "no address at all";
    const std::vector<uint8_t> whole = message({.address = "192.0.2.1"});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(size));
        EXPECT_THAT(parse_address_news(cut).changes, IsEmpty()) << size;
    }
    Spec odd{.address = "192.0.2.1"};
    odd.type = RTM_NEWLINK;
    EXPECT_THAT(changes(odd), IsEmpty());
}

// Opening needs no privileges; every host has at least its loopback addresses, which do not count.
TEST(AddressWatch, ListsThisHost) {
    auto watch = AddressWatch::open();
    ASSERT_TRUE(watch) << watch.error().message();
    for (const IpAddr& address : watch->addresses()) {
        EXPECT_FALSE(address.is_loopback()) << address.to_string();
    }
    const auto changed = watch->refresh();
    ASSERT_TRUE(changed) << changed.error().message();
}

}  // namespace
}  // namespace sy
