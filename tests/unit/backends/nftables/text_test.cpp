#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/nftables/layout.h"

namespace sy::nft {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string golden(const std::string& name) {
    std::ifstream in(std::filesystem::path(SWITCHYARD_GOLDEN) / name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

Cidr network(std::string_view text) {
    return Cidr::parse(text).value();
}

TableConfig config_with(LocalDetector detector, Family family = Family::ipv4) {
    TableConfig config;
    config.family = family;
    config.detector = std::move(detector);
    return config;
}

// The rules of a chain as they stand in the table's text.
std::string chain_of(const TableConfig& config, const std::string& name) {
    const auto text = table_text(config, {});
    const auto start = text.find("\tchain " + name + " {\n");
    const auto end = text.find("\t}\n", start);
    return start == std::string::npos ? "" : text.substr(start, end - start);
}

TEST(TableText, IsWhatTheGoldenFilesShow) {
    for (const auto family : kFamilies) {
        auto config =
            config_with(CidrDetector{{network("10.244.0.0/16"), network("fd00:244::/56")}}, family);
        config.classes = {{1, 1, 0}, {2, 2, 0}, {0x200, 2, 10800}, {0x201, 700, 0}};
        const bool v4 = family == Family::ipv4;
        const auto pods = network(v4 ? "10.244.0.0/16" : "fd00:244::/56");
        const uint8_t tcp = 6;
        const std::array<uint8_t, 2> port{0x1f, 0x90};
        const std::vector<Element> elements{
            Element(family, SetId::pod_cidrs)
                .key_bytes(pods.first().bytes())
                .key_bytes(pods.last().bytes()),
            Element(family, SetId::nodeports)
                .key_bytes({&tcp, 1})
                .key_bytes(port)
                .data_word(0x2000'0402),
            Element(family, SetId::endpoints)
                .key_word(0x400)
                .key_word(0)
                .data_bytes(pods.first().bytes())
                .data_bytes(port),
            Element(family, SetId::endpoints)
                .key_word(0x400)
                .key_word(1)
                .data_bytes(pods.last().bytes())
                .data_bytes(port),
            // Another family's: not in this table.
            Element(v4 ? Family::ipv6 : Family::ipv4, SetId::nodeports)
                .key_bytes({&tcp, 1})
                .key_bytes(port)
                .data_word(1),
        };
        const auto text = table_text(config, elements);
        EXPECT_EQ(text, golden(v4 ? "ip.nft" : "ip6.nft")) << text;
    }
}

TEST(TableText, DetectsPodsByNetwork) {
    const auto config = config_with(CidrDetector{{network("10.244.0.0/16")}});
    EXPECT_THAT(chain_of(config, "etp_local"),
                HasSubstr("\t\tip saddr @pod_cidrs goto etp_shortcut\n"));
    EXPECT_THAT(chain_of(config, "source"), HasSubstr("\t\tip saddr != @pod_cidrs meta priority "
                                                      "set none masquerade fully-random\n"));
}

TEST(TableText, DetectsPodsByInterface) {
    const auto prefix = config_with(InterfaceDetector{"cali", true});
    EXPECT_THAT(chain_of(prefix, "etp_local"),
                HasSubstr("\t\tiifname \"cali*\" goto etp_shortcut\n"));
    EXPECT_THAT(chain_of(prefix, "source"), HasSubstr("\t\tiifname != \"cali*\" meta priority set "
                                                      "none masquerade fully-random\n"));
    const auto exact = config_with(InterfaceDetector{"cbr0", false});
    EXPECT_THAT(chain_of(exact, "etp_local"),
                HasSubstr("\t\tiifname \"cbr0\" goto etp_shortcut\n"));
}

TEST(TableText, WithoutDetectorNobodyIsAPod) {
    const auto none = config_with(NoDetector{});
    EXPECT_EQ(chain_of(none, "etp_local"),
              "\tchain etp_local {\n\t\tfib saddr type local goto etp_shortcut\n");
    EXPECT_THAT(chain_of(none, "source"), Not(HasSubstr("pod_cidrs")));
    // Networks of the other family only, and names that are no interface's.
    const auto other = config_with(CidrDetector{{network("fd00:244::/56")}});
    EXPECT_EQ(table_text(other, {}), table_text(none, {}));
    for (const char* name :
         {"", "a\"b", "a b", "a*", "a\n", "a/b", "a;b", "0123456789abcdef", "\\"}) {
        const auto bad = config_with(InterfaceDetector{name, false});
        EXPECT_FALSE(validate(bad)) << name;
        EXPECT_EQ(table_text(bad, {}), table_text(none, {})) << name;
    }
    EXPECT_TRUE(validate(config_with(InterfaceDetector{"eth0.100@x_-Z", false})));
}

TEST(TableText, MasqueradesAll) {
    auto config = config_with(CidrDetector{{network("10.244.0.0/16")}});
    config.masquerade_all = true;
    const auto source = chain_of(config, "source");
    EXPECT_TRUE(source.ends_with("accept\n\t\tmeta priority set none masquerade fully-random\n"))
        << source;
    EXPECT_THAT(chain_of(config, "etp_local"), HasSubstr("pod_cidrs"));
}

TEST(TableText, SpellsTimeoutsAsNftDoes) {
    const auto known = [](uint32_t timeout) {
        return rule_text(words_layout().known_chain(timeout).rules[0], Family::ipv4);
    };
    EXPECT_THAT(known(10800), HasSubstr(" timeout 3h :"));
    EXPECT_THAT(known(86400), HasSubstr(" timeout 1d :"));
    EXPECT_THAT(known(90), HasSubstr(" timeout 1m30s :"));
    EXPECT_THAT(known(3601), HasSubstr(" timeout 1h1s :"));
}

TEST(TableText, SharesTheChainsOfATimeout) {
    auto config = config_with(NoDetector{});
    config.classes = {{0x200, 2, 60}, {0x201, 3, 60}};
    const auto text = table_text(config, {});
    const auto first = text.find("chain known_60 {");
    EXPECT_NE(first, std::string::npos);
    EXPECT_EQ(text.find("chain known_60 {", first + 1), std::string::npos);
}

TEST(ClassDef, IsReadBackFromItsChain) {
    for (const auto& def :
         {ClassDef{1, 1, 0}, ClassDef{0x201, 1023, 0}, ClassDef{0x200, 2, 10800}}) {
        EXPECT_EQ(class_of_chain(def.number, def.chain()), def);
    }
    for (const char* chain : {"", "pick_", "pick_0", "pick_01", "pick_1x", "pick_-1", "sticky_2",
                              "sticky_2_", "sticky_2_0", "sticky_2_03", "sticky__3", "no_endpoints",
                              "pick_99999999999", "known_3"}) {
        EXPECT_FALSE(class_of_chain(1, chain)) << chain;
    }
}

}  // namespace
}  // namespace sy::nft
