// The test program of pick.h and its maps.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "tests/bpf/maps.h"

// clang-format off
// The skeleton's variables are of types that it does not declare.
#include "tests/bpf/pick.h"
#include "switchyard_bpf_pick_test.skel.h"
// clang-format on

namespace sy::bpf_test {

/// Names tests of both families.
struct FamilyName {
    template <class Info>
    std::string operator()(const Info& test) const {
        return std::string(to_string(test.param));
    }
};

inline constexpr uint64_t kNode = 4026;
inline constexpr uint64_t kPod = 4711;
inline constexpr uint32_t kId = 7;
inline constexpr uint32_t kBase = 16;
inline constexpr uint64_t kSecond = 1'000'000'000;

inline uint64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

/// Asks as a pod for a VIP unless told otherwise.
class Pick : public testing::TestWithParam<Family> {
  protected:
    struct Destroy {
        void operator()(switchyard_bpf_pick_test* skeleton) const {
            switchyard_bpf_pick_test__destroy(skeleton);
        }
    };

    void SetUp() override {
        keep_loader_log();
        loader_log().clear();
        skeleton_.reset(switchyard_bpf_pick_test__open_and_load());
        ASSERT_TRUE(skeleton_) << loader_log();
        maps_.emplace(skeleton_->obj);
        configure(0);
        ask_from(kPod);
    }

    IpAddr ip(const char* v4, const char* v6) const {
        return IpAddr::parse(GetParam() == Family::ipv4 ? v4 : v6).value();
    }
    IpAddr vip() const { return ip("10.96.0.1", "fd00:96::1"); }
    IpAddr node() const { return ip("192.168.50.1", "fd00:50::1"); }
    IpAddr loopback() const { return ip("127.0.0.1", "::1"); }
    EndpointAddr pod(uint8_t n) const {
        std::array<uint8_t, 16> bytes{0xfd, 0x44};
        bytes[15] = n;
        const IpAddr v6 = IpAddr::from_bytes(bytes).value();
        return {GetParam() == Family::ipv4 ? IpAddr::v4(10, 244, 0, n) : v6, Port(8080)};
    }
    Frontend frontend() const { return {.address = vip(), .port = Port(80)}; }
    Frontend node_port() const {
        return {.address = vip(), .port = Port(30080), .node_port = true};
    }
    Maps& maps() { return *maps_; }

    void configure(uint32_t flags) {
        sy_settings settings{};
        settings.host_netns = kNode;
        settings.flags = flags;
        maps().settings(settings);
    }
    uint32_t either(uint32_t v4, uint32_t v6) const { return GetParam() == Family::ipv4 ? v4 : v6; }

    sy_test_question& question() { return skeleton_->bss->question; }
    const sy_test_answer& answer() const { return skeleton_->bss->answer; }

    void ask_from(uint64_t netns) {
        question() = {};
        question().netns = netns;
        question().ipv6 = GetParam() == Family::ipv6;
        ask_for(vip(), Port(80));
    }
    void ask_for(const IpAddr& address, Port port, Protocol protocol = Protocol::tcp) {
        copy_address(address, question().vip);
        question().port = port.be16();
        question().protocol = static_cast<uint8_t>(protocol);
    }

    /// The socket was sent there when it last used the VIP.
    void remember(uint32_t id, uint32_t position, uint32_t endpoint, const EndpointAddr& address) {
        question().known = 1;
        question().memory = {};
        question().memory.id = id;
        question().memory.position = position;
        question().memory.endpoint = endpoint;
        question().memory.port = address.port.be16();
        copy_address(address.ip, question().memory.address);
    }

    sy_decision run(const bpf_program* program, int times) {
        skeleton_->bss->answer = {};
        std::array<uint8_t, 64> packet{};
        bpf_test_run_opts options{};
        options.sz = sizeof options;
        options.data_in = packet.data();
        options.data_size_in = packet.size();
        options.repeat = times;
        EXPECT_EQ(bpf_prog_test_run_opts(bpf_program__fd(program), &options), 0);
        return static_cast<sy_decision>(answer().decision);
    }
    sy_decision pick(int times = 1) { return run(skeleton_->progs.sy_test_pick, times); }
    sy_decision pick_late() { return run(skeleton_->progs.sy_test_pick_late, 1); }
    EndpointAddr picked() const { return endpoint_of(answer().connection, GetParam()); }
    uint64_t statistic(sy_statistic which) const { return maps_->statistic(which); }

    /// A Service of `count` pods.
    void serve(uint8_t count, uint16_t flags = 0) {
        std::vector<EndpointAddr> pods;
        for (uint8_t n = 1; n <= count; ++n) {
            pods.push_back(pod(n));
        }
        maps().list(kId, kBase, pods, flags);
        maps().frontend(frontend(), kId);
    }

    std::unique_ptr<switchyard_bpf_pick_test, Destroy> skeleton_;
    std::optional<Maps> maps_;
};

}  // namespace sy::bpf_test
