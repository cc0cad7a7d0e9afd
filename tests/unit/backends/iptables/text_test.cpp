#include "backends/iptables/text.h"

#include <gmock/gmock.h>

#include "tests/support/plans.h"

namespace sy::iptables {
namespace {

using test::endpoint;
using test::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

const PortId kPort = port_id({"default", "web"}, "http", Protocol::tcp);

ListChain list(std::vector<EndpointAddr> endpoints, uint32_t timeout = 0) {
    return {endpoints.front().ip.family(), ListId::cluster, kPort,
            EndpointList{Protocol::tcp, timeout, std::move(endpoints)}};
}

EndpointAddr at(std::string_view text) {
    return endpoint(text).address;
}

TreeLine line(std::string_view address, Target target, Protocol protocol = Protocol::tcp) {
    const auto parsed = ip(address);
    return {{parsed.family(), TreeId::address, parsed, protocol, Port{80}}, std::move(target)};
}

TreeLine port_line(uint16_t port, Target target) {
    return {{Family::ipv4, TreeId::port, unspecified(Family::ipv4), Protocol::udp, Port{port}},
            std::move(target)};
}

TEST(Names, AreHashesThatStay) {
    // Known from outside: printf default/web:http/TCP | sha256sum, first 10 bytes in base32.
    EXPECT_EQ(kPort.view(), "pk5wnjdg7qffbayh");
    EXPECT_EQ(list_chain_name(ListId::cluster, kPort).substr(0, 5), "SY-S-");
    EXPECT_EQ(list_chain_name(ListId::local, kPort).substr(0, 6), "SY-SL-");
    EXPECT_LE(list_chain_name(ListId::local, kPort).size(), kLongestChainName);
}

TEST(Names, TellPortsApart) {
    EXPECT_NE(kPort, port_id({"default", "web"}, "http", Protocol::udp));
    EXPECT_NE(kPort, port_id({"default", "web"}, "", Protocol::tcp));
    EXPECT_NE(kPort, port_id({"other", "web"}, "http", Protocol::tcp));
}

TEST(Names, TakeNothingFromPoisonousOnes) {
    const auto id = port_id({"a b\n-j ACCEPT", "\";`x`"}, "$(y)", Protocol::tcp);
    EXPECT_THAT(std::string(id.view()), MatchesRegex("[a-z2-7]+"));
}

TEST(Probability, IsPrintedAsTheKernelKeepsIt) {
    EXPECT_EQ(one_in(1), "");
    EXPECT_THAT(one_in(2), HasSubstr(" 0.50000000000 "));
    EXPECT_THAT(one_in(3), HasSubstr(" 0.33333333349 "));
    EXPECT_THAT(one_in(7), HasSubstr(" 0.14285714272 "));
}

TEST(ListRules, ShareOutEvenly) {
    EXPECT_THAT(
        rules_of(list({at("10.244.1.11:8080"), at("10.244.1.12:8080"), at("10.244.2.21:8080")})),
        ElementsAre("-p tcp -m statistic --mode random --probability 0.33333333349 "
                    "-j DNAT --to-destination 10.244.1.11:8080",
                    "-p tcp -m statistic --mode random --probability 0.50000000000 "
                    "-j DNAT --to-destination 10.244.1.12:8080",
                    "-p tcp -j DNAT --to-destination 10.244.2.21:8080"));
    EXPECT_THAT(rules_of(list({at("[fd00::1]:8080")})),
                ElementsAre("-p tcp -j DNAT --to-destination [fd00::1]:8080"));
}

TEST(ListRules, RememberClientsWithFourRulesPerEndpoint) {
    const auto one = at("10.244.1.11:8080");
    const auto two = at("10.244.1.12:8080");
    const auto first = set_name({Family::ipv4, Role::affinity, affinity_key(kPort, one, 10800)});
    const auto second = set_name({Family::ipv4, Role::affinity, affinity_key(kPort, two, 10800)});
    const auto ask = [](const std::string& set) { return "-m set --match-set " + set + " src "; };
    const auto add = [](const std::string& set) {
        return "-j SET --add-set " + set + " src --exist";
    };
    EXPECT_THAT(rules_of(list({one, two}, 10800)),
                ElementsAre(ask(first) + add(first),
                            "-p tcp " + ask(first) + "-j DNAT --to-destination 10.244.1.11:8080",
                            ask(second) + add(second),
                            "-p tcp " + ask(second) + "-j DNAT --to-destination 10.244.1.12:8080",
                            "-m statistic --mode random --probability 0.50000000000 " + add(first),
                            "-p tcp " + ask(first) + "-j DNAT --to-destination 10.244.1.11:8080",
                            add(second),
                            // A full set may have refused the client: it is served all the same.
                            "-p tcp -j DNAT --to-destination 10.244.1.12:8080"));
}

TEST(ListRules, AnotherTimeoutIsAnotherSet) {
    EXPECT_NE(affinity_key(kPort, at("10.0.0.1:80"), 10),
              affinity_key(kPort, at("10.0.0.1:80"), 20));
}

TEST(LineRules, LeadToAListOrTranslate) {
    EXPECT_THAT(rules_of(line("10.96.0.1", ToList{ListId::local, kPort})),
                ElementsAre("-d 10.96.0.1/32 -p tcp -m tcp --dport 80 -g " +
                            list_chain_name(ListId::local, kPort)));
    EXPECT_THAT(rules_of(line("fd00::1", ToEndpoints{{at("[fd01::1]:81"), at("[fd01::2]:81")}},
                              Protocol::sctp)),
                ElementsAre("-d fd00::1/128 -p sctp -m sctp --dport 80 -m statistic --mode random "
                            "--probability 0.50000000000 -j DNAT --to-destination [fd01::1]:81",
                            "-d fd00::1/128 -p sctp -m sctp --dport 80 -j DNAT --to-destination "
                            "[fd01::2]:81"));
    EXPECT_THAT(
        rules_of(port_line(30001, ToList{ListId::cluster, kPort})),
        ElementsAre("-p udp -m udp --dport 30001 -g " + list_chain_name(ListId::cluster, kPort)));
}

TEST(LineRules, TellTheirKey) {
    for (const auto& each :
         {line("10.96.0.1", ToList{ListId::cluster, kPort}),
          line("::1.2.3.4", ToEndpoints{{at("[fd01::1]:81")}}, Protocol::udp),
          port_line(1, ToList{ListId::cluster, kPort}),
          port_line(65535, ToEndpoints{{at("10.0.0.1:81"), at("10.0.0.2:81")}})}) {
        for (const auto& rule : rules_of(each)) {
            EXPECT_EQ(line_key_of(each.key.family, each.key.tree, rule), each.key) << rule;
        }
    }
}

TEST(LineRules, OtherRulesHaveNoKey) {
    for (const auto* rule :
         {"", "-d", "-d 10.0.0.1/32", "-d 0.0.0.5/0.0.0.15 -g SY-C-5",
          "-d 10.0.0.0/8 -p tcp -m tcp --dport 80 -j ACCEPT",
          "-d fd00::1/128 -p tcp -m tcp --dport 80 -j ACCEPT", "-d 10.0.0.1/32 -p icmp -j ACCEPT",
          "-d 10.0.0.1/32 -p tcp -m tcp --dport 80:81 -j ACCEPT",
          "-d 10.0.0.1/32 -p tcp -m tcp --dport 99999 -j ACCEPT",
          "-p tcp -m tcp --dport 80 -j ACCEPT"}) {
        EXPECT_FALSE(line_key_of(Family::ipv4, TreeId::address, rule)) << rule;
    }
    for (const auto* rule : {"-p tcp -g SY-N-0", "-p tcp -m tcp --dport 28672:32767 -g SY-N-07",
                             "-p tcp -m tcp --dport 30001 -g SY-N-07531"}) {
        EXPECT_FALSE(line_key_of(Family::ipv4, TreeId::port, rule)) << rule;
    }
}

}  // namespace
}  // namespace sy::iptables
