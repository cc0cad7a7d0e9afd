#include "backends/nftables/element_text.h"

#include <gtest/gtest.h>

#include "base/ip.h"

namespace sy::nft {
namespace {

IpAddr address(std::string_view text) {
    return IpAddr::parse(text).value();
}

std::string range_text(SetId set, std::string_view first, std::string_view last) {
    const auto low = address(first);
    Element element(low.family(), set);
    return element_text(element.key_bytes(low.bytes()).key_bytes(address(last).bytes()));
}

TEST(ElementText, SpellsWordsAsTcHandles) {
    EXPECT_EQ(word_text(0), "none");
    EXPECT_EQ(word_text(0x403), "0:403");
    EXPECT_EQ(word_text(0xe000'0402), "e000:402");
    EXPECT_EQ(word_text(0x2000'0000), "2000:0");
}

TEST(ElementText, SpellsFrontends) {
    const std::array<uint8_t, 2> port{0, 80};
    const auto text = [&port](const IpAddr& ip, uint8_t protocol) {
        Element element(ip.family(), SetId::frontends);
        element.key_bytes(ip.bytes()).key_bytes({&protocol, 1}).key_bytes(port).data_word(0x403);
        return element_text(element);
    };
    EXPECT_EQ(text(address("10.96.0.1"), 6), "10.96.0.1 . tcp . 80 : 0:403");
    EXPECT_EQ(text(address("fd00::1"), 17), "fd00::1 . udp . 80 : 0:403");
    EXPECT_EQ(text(address("fd00::1"), 132), "fd00::1 . sctp . 80 : 0:403");
    EXPECT_EQ(text(address("10.96.0.1"), 99), "10.96.0.1 . 99 . 80 : 0:403");
}

TEST(ElementText, SpellsIntervals) {
    EXPECT_EQ(range_text(SetId::pod_cidrs, "10.244.0.0", "10.244.255.255"), "10.244.0.0/16");
    EXPECT_EQ(range_text(SetId::pod_cidrs, "10.0.0.1", "10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(range_text(SetId::pod_cidrs, "10.0.0.0", "10.0.0.1"), "10.0.0.0/31");
    EXPECT_EQ(range_text(SetId::pod_cidrs, "10.0.0.1", "10.0.0.2"), "10.0.0.1-10.0.0.2");
    EXPECT_EQ(range_text(SetId::pod_cidrs, "0.0.0.0", "255.255.255.255"), "0.0.0.0/0");
    EXPECT_EQ(range_text(SetId::service_cidrs, "fd00::", "fd00::ff"), "fd00::/120");
}

TEST(ElementText, SpellsRanges) {
    const auto low = address("203.0.113.0");
    const auto high = address("203.0.113.7");
    Element element(Family::ipv4, SetId::ranges);
    element.key_word(0xc00).key_bytes(low.bytes()).key_word(0xc00).key_bytes(high.bytes());
    EXPECT_EQ(element_text(element), "0:c00 . 203.0.113.0/29");
}

TEST(ElementText, RefusesWhatIsNoElement) {
    EXPECT_EQ(element_text(Element()), "");
    EXPECT_EQ(element_text(Element(Family::ipv6, SetId::hairpin).key_word(1)), "");
    EXPECT_EQ(element_text(Element(Family::ipv4, SetId::shortcut).key_word(1)), "");
}

}  // namespace
}  // namespace sy::nft
