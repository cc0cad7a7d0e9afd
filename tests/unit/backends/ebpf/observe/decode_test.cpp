#include "backends/ebpf/observe/decode.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace sy::ebpf {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point kBoot(1'000'000s);

sy_event event() {
    sy_event out{};
    out.time = 1'500'000'000;
    out.cgroup = 77;
    out.netns = 5;
    out.pid = 4711;
    out.uid = 1000;
    std::memcpy(out.command, "curl", 4);
    out.vip[0] = htonl(0x0a60000a);
    out.address[0] = htonl(0x0af40105);
    out.vip_port = htons(80);
    out.port = htons(8080);
    out.protocol = 6;
    out.verdict = SY_VERDICT_TRANSLATED;
    out.connected = 1;
    return out;
}

TEST(Decode, AConnectionThatWasTranslated) {
    Observation wanted;
    wanted.time = kBoot + 1500ms;
    wanted.pid = 4711;
    wanted.uid = 1000;
    wanted.process = "curl";
    wanted.cgroup_id = 77;
    wanted.netns = 5;
    wanted.vip = {IpAddr::v4(10, 96, 0, 10), Port{80}};
    wanted.endpoint = {IpAddr::v4(10, 244, 1, 5), Port{8080}};
    EXPECT_EQ(decode(event(), kBoot), wanted);
}

TEST(Decode, ADatagramOverIpv6ThatWasRefused) {
    auto told = event();
    const auto vip = *IpAddr::parse("2001:db8::a");
    std::memcpy(told.vip, vip.bytes().data(), sizeof told.vip);
    told.ipv6 = 1;
    told.protocol = 17;
    told.verdict = SY_VERDICT_REFUSED;
    told.connected = 0;
    const Observation seen = decode(told, kBoot);
    EXPECT_EQ(seen.vip, (EndpointAddr{vip, Port{80}}));
    EXPECT_EQ(seen.protocol, Protocol::udp);
    EXPECT_TRUE(seen.refused);
    EXPECT_FALSE(seen.connected);
}

TEST(Decode, NamesEndWithTheirField) {
    auto told = event();
    std::ranges::fill(told.command, 'x');
    EXPECT_EQ(decode(told, kBoot).process, std::string(16, 'x'));
    sy_name name{};
    EXPECT_EQ(service_of(name), "");
    std::memcpy(name.text, "shop/web:http", 13);
    EXPECT_EQ(service_of(name), "shop/web:http");
    std::ranges::fill(name.text, 'y');
    EXPECT_EQ(service_of(name).size(), sizeof name.text);
}

}  // namespace
}  // namespace sy::ebpf
