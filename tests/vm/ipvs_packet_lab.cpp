#include "tests/vm/ipvs_packet_lab.h"

#include <cstdlib>
#include <filesystem>

namespace sy::ipvs {
namespace {

using lab::Place;

/// FAMILY, ADDR (VIP), NODES (pod network), MARK. Closed ports of the VIP are refused behind IPVS.
constexpr std::string_view kTable = R"(
table FAMILY marks {
  chain services {
    FAMILY daddr ADDR meta l4proto { tcp, udp } th dport 80 meta mark set MARK
  }
  chain input { type filter hook input priority 97; ct state new goto services; }
  chain output { type filter hook output priority -99; ct state new goto services; }
  chain forwarded {
    type filter hook output priority -300;
    meta mark & 0x07f00000 == 0x05a00000 ct direction original meta mark set 0
  }
  chain refuse {
    tcp flags & rst == 0 reject with tcp reset
    reject with ICMP port-unreachable
  }
  chain input_rest {
    type filter hook input priority 101;
    ct direction original FAMILY daddr ADDR goto refuse
  }
  chain output_rest {
    type filter hook output priority -97;
    oif lo ct direction original FAMILY daddr ADDR goto refuse
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ct original FAMILY daddr ADDR FAMILY saddr != PODS masquerade fully-random
  }
}
)";

std::string with(std::string text, std::string_view word, const std::string& value) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
        text.replace(at, word.size(), value);
        at += value.size();
    }
    return text;
}

}  // namespace

void IpvsPacketLab::SetUp() {
    inside_.emplace(lab_.at(Place::node));
    std::string name = "/tmp/switchyard-ipvs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto kernel = open_kernel({}, log_, {.sysctl_root = "/proc/sys", .run_folder = folder_});
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
    if (const auto probed = kernel_->probe(); !probed) {
        GTEST_SKIP() << probed.error().message();
    }
    const auto prepared = kernel_->prepare();
    ASSERT_TRUE(prepared) << prepared.error().message();
    const bool v4 = GetParam() == Family::ipv4;
    std::string table(kTable);
    table = with(table, "ICMP", v4 ? "icmp" : "icmpv6");
    table = with(table, "FAMILY", v4 ? "ip" : "ip6");
    table = with(table, "ADDR", vip().to_string());
    table = with(table, "PODS", lab::pod_network(GetParam()).to_string());
    table = with(table, "MARK", std::to_string(server().mark));
    output({"nft", "-f", "-"}, table);
    const auto routed = kernel_->commit(
        std::vector<RouteChange>{{.route = {.network = lab::service_network(GetParam()),
                                            .source = lab::address(Place::node, GetParam())},
                                  .remove = false,
                                  .owner = 0}});
    ASSERT_TRUE(routed) << routed.error().error.message();
}

void IpvsPacketLab::TearDown() {
    if (kernel_) {
        EXPECT_TRUE(kernel_->remove_all());
    }
    output({"nft", "flush", "ruleset"});
    (void)lab::flush_conntrack(lab_.at(Place::node));
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
}

Destination IpvsPacketLab::endpoint(Place place, uint32_t weight) const {
    return {.server = server(),
            .address = {lab::address(place, GetParam()), lab::kServerPort},
            .weight = weight};
}

void IpvsPacketLab::commit(const std::vector<Change>& changes) {
    const auto done = kernel_->commit(changes);
    EXPECT_TRUE(done) << done.error().error.message();
}

Activity IpvsPacketLab::activity_of(Place place) {
    const auto all = kernel_->activity({server()});
    EXPECT_TRUE(all) << all.error().message();
    for (const Activity& one : all.value_or(std::vector<Activity>{})) {
        if (one.destination.address == endpoint(place).address) {
            return one;
        }
    }
    ADD_FAILURE() << "no such destination";
    return {};
}

std::string IpvsPacketLab::output(const std::vector<std::string>& argv, std::string_view input) {
    const auto out = lab::must_run_in(lab_.at(Place::node), argv, input);
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : "";
}

}  // namespace sy::ipvs
