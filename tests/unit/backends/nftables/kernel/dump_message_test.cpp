#include "backends/nftables/kernel/dump_message.h"

#include <gmock/gmock.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "backends/nftables/kernel/encode_element.h"
#include "backends/nftables/kernel/encode_table.h"
#include "base/ip.h"

namespace sy::nft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What we send is what the kernel tells, but for flags: the reader reads the writer.
std::vector<Element> read_back(SetId set, const std::vector<Element>& elements) {
    std::vector<ElementOp> ops;
    for (const auto& element : elements) {
        ops.push_back({element, 0});
    }
    Batch batch(words_layout().table);
    write_elements(batch, ops, false);
    std::vector<Element> out;
    ElementCollector collector(elements.front().family(), set, out);
    for_each_message(batch.finish(), [&](const NetlinkMessage& message) {
        for_each_element(message.attributes,
                         [&collector](const RawElement& raw) { collector.add(raw); });
        return true;
    });
    collector.finish();
    EXPECT_EQ(collector.malformed(), 0U);
    return out;
}

Element network(SetId set, std::string_view text) {
    const auto cidr = Cidr::parse(text).value();
    return Element(cidr.family(), set)
        .key_bytes(cidr.first().bytes())
        .key_bytes(cidr.last().bytes());
}

TEST(DumpMessage, ReadsIntervalsIncludingTheTopOfTheAddressSpace) {
    for (const auto& texts : {std::vector<const char*>{"0.0.0.0/0"},
                              {"0.0.0.0/8", "1.0.0.0/8", "10.0.0.1/32", "255.255.255.255/32"},
                              {"::/0"},
                              {"::/128", "::1/128", "ff00::/8"}}) {
        std::vector<Element> elements;
        for (const auto* text : texts) {
            elements.push_back(network(SetId::pod_cidrs, text));
        }
        EXPECT_EQ(read_back(SetId::pod_cidrs, elements), elements);
    }
}

TEST(DumpMessage, ReadsRanges) {
    std::vector<Element> elements;
    for (const char* text : {"203.0.113.0", "255.255.255.255"}) {
        const auto ip = IpAddr::parse(text).value();
        elements.push_back(Element(Family::ipv4, SetId::ranges)
                               .key_word(0xc00)
                               .key_bytes(ip.bytes())
                               .key_word(0xc00)
                               .key_bytes(ip.bytes()));
    }
    EXPECT_EQ(read_back(SetId::ranges, elements), elements);
}

TEST(DumpMessage, CountsElementsOfAnotherSize) {
    std::vector<Element> out;
    ElementCollector collector(Family::ipv6, SetId::hairpin, out);
    const std::array<uint8_t, 8> key{};
    collector.add({.key = key, .key_end = {}, .data = {}, .chain = {}});
    collector.add({});
    EXPECT_EQ(collector.malformed(), 2U);
    EXPECT_THAT(out, IsEmpty());
}

TEST(DumpMessage, ReadsClasses) {
    const std::vector<ClassElement> classes{{0, {Verdict::Kind::go_to, "no_endpoints"}},
                                            {0x3ff, {Verdict::Kind::drop, {}}}};
    Batch batch(words_layout().table);
    write_classes(batch, Family::ipv4, classes, false);
    std::vector<ClassElement> out;
    for_each_message(batch.finish(), [&out](const NetlinkMessage& message) {
        for_each_element(message.attributes, [&out](const RawElement& raw) {
            out.push_back(parse_class(raw).value());
        });
        return true;
    });
    EXPECT_EQ(out, classes);
    const std::array<uint8_t, 4> key{};
    EXPECT_FALSE(parse_class({.key = key, .key_end = {}, .data = {}, .chain = {}}));
    EXPECT_FALSE(parse_class({.key = key,
                              .key_end = {},
                              .data = {},
                              .has_verdict = true,
                              .verdict = static_cast<uint32_t>(NFT_JUMP),
                              .chain = "pick_1"}));
}

TEST(DumpMessage, ReadsTheOtherObjects) {
    Batch batch(words_layout().table);
    uint32_t ids = 0;
    TableEncoder encoder(batch, Family::ipv6, ids);
    const auto table = describe({.family = Family::ipv6, .detector = {}, .classes = {}});
    encoder.add_table(&words_layout());
    encoder.add_set({SetId::endpoints, 1234});
    encoder.add_chain(table.chains.back());
    encoder.add_rules(table.chains.back());
    std::vector<NetlinkMessage> messages;
    for_each_message(batch.finish(), [&messages](const NetlinkMessage& message) {
        messages.push_back(message);
        return true;
    });
    ASSERT_EQ(messages.size(), 6U);
    EXPECT_EQ(messages[1].family, AF_INET6);
    EXPECT_EQ(parse_table(messages[1].attributes).name, "switchyard");
    EXPECT_NE(parse_table(messages[1].attributes).fingerprint, 0U);
    const auto set = parse_set(messages[2].attributes);
    EXPECT_EQ(set.name, "endpoints");
    EXPECT_EQ(set.size, 1234U);
    EXPECT_EQ(set.type, set_type(schema(SetId::endpoints), Family::ipv6));
    const auto chain = parse_chain(messages[3].attributes);
    EXPECT_EQ(chain.name, "stray");
    EXPECT_TRUE(chain.is_base);
    EXPECT_EQ(chain.type, "filter");
    const auto rule = parse_rule(messages[4].attributes);
    EXPECT_EQ(rule.chain, "stray");
    EXPECT_NE(rule.fingerprint, 0U);
}

// The message, with lengths filled in.
std::vector<uint8_t> error_message(int code, uint16_t flags, std::vector<uint8_t> tail) {
    nlmsghdr header{};
    header.nlmsg_type = NLMSG_ERROR;
    header.nlmsg_flags = flags;
    header.nlmsg_len = static_cast<uint32_t>(sizeof header + sizeof(nlmsgerr) + tail.size());
    nlmsgerr error{};
    error.error = code;
    error.msg.nlmsg_len = sizeof(nlmsghdr);
    std::vector<uint8_t> bytes;
    AttributeWriter writer(bytes);
    writer.raw({reinterpret_cast<const uint8_t*>(&header), sizeof header});
    writer.raw({reinterpret_cast<const uint8_t*>(&error), sizeof error});
    writer.raw(tail);
    return bytes;
}

TEST(DumpMessage, ReadsErrorsWithTheirDetails) {
    std::vector<uint8_t> tail;
    AttributeWriter writer(tail);
    writer.put_text(NLMSGERR_ATTR_MSG, "no such thing");
    const uint32_t offset = 36;
    writer.put(NLMSGERR_ATTR_OFFS, {reinterpret_cast<const uint8_t*>(&offset), sizeof offset});
    int seen = 0;
    const auto bytes = error_message(-ENOENT, NLM_F_CAPPED | NLM_F_ACK_TLVS, tail);
    for_each_message(bytes, [&seen](const NetlinkMessage& message) {
        const auto status = parse_status(message);
        EXPECT_TRUE(status);
        EXPECT_EQ(status->code, ENOENT);
        EXPECT_EQ(status->offset, 36U);
        EXPECT_EQ(status->text, "no such thing");
        ++seen;
        return true;
    });
    for_each_message(error_message(0, NLM_F_CAPPED, {}), [&seen](const NetlinkMessage& message) {
        EXPECT_EQ(parse_status(message)->code, 0);
        ++seen;
        return true;
    });
    EXPECT_EQ(seen, 2);
}

TEST(DumpMessage, StopsAtMalformedMessages) {
    const auto whole = error_message(-1, 0, {});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        int seen = 0;
        for_each_message(Bytes(whole).first(size), [&seen](const NetlinkMessage&) {
            ++seen;
            return true;
        });
        EXPECT_EQ(seen, 0) << size;
    }
}

}  // namespace
}  // namespace sy::nft
