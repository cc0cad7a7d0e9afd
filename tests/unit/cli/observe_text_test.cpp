#include "cli/observe_text.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

using namespace std::chrono_literals;

ebpf::Observation seen() {
    ebpf::Observation out;
    out.time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2) + 7h + 5min + 9s + 42ms;
    out.pid = 4711;
    out.uid = 1000;
    out.process = "curl";
    out.cgroup_id = 99;
    out.cgroup = "/kubepods/pod1";
    out.netns = 5;
    out.vip = {*IpAddr::parse("10.96.0.10"), Port{80}};
    out.endpoint = {*IpAddr::parse("10.244.1.5"), Port{8080}};
    out.service = "shop/web:http";
    return out;
}

TEST(ObservationLine, SaysWhoWentWhere) {
    EXPECT_EQ(observation_line(seen()),
              "07:05:09.042 curl(4711) /kubepods/pod1 TCP 10.96.0.10:80 -> 10.244.1.5:8080 "
              "shop/web:http");
}

TEST(ObservationLine, SaysWhatWasRefused) {
    auto event = seen();
    event.protocol = Protocol::udp;
    event.vip = {*IpAddr::parse("fd00::a"), Port{53}};
    event.refused = true;
    event.service.clear();
    event.cgroup.clear();
    EXPECT_EQ(
        observation_line(event),
        "07:05:09.042 curl(4711) cgroup:99 UDP [fd00::a]:53 refused (a Service that is gone)");
}

TEST(ObservationLine, NamesDoNoHarm) {
    auto event = seen();
    event.process = "a\n\x1b[2J\xff";
    event.cgroup = "/\u202e";
    EXPECT_EQ(observation_line(event),
              "07:05:09.042 a\\n\\x1b[2J\\xff(4711) /\\xe2\\x80\\xae TCP 10.96.0.10:80 -> "
              "10.244.1.5:8080 shop/web:http");
}

TEST(ObservationJson, IsOneObject) {
    EXPECT_EQ(observation_json(seen()),
              R"({"time": "2026-11-02T07:05:09.042000000Z", "process": "curl", "pid": 4711, )"
              R"("uid": 1000, "netns": 5, "cgroupId": 99, "cgroup": "/kubepods/pod1", )"
              R"("protocol": "TCP", "address": "10.96.0.10:80", "verdict": "translated", )"
              R"("endpoint": "10.244.1.5:8080", "connected": true, "service": "shop/web:http"})");
}

TEST(ObservationJson, WhatIsRefusedHasNoEndpoint) {
    auto event = seen();
    event.refused = true;
    event.connected = false;
    event.process = "a\"b\\";
    EXPECT_EQ(observation_json(event),
              R"({"time": "2026-11-02T07:05:09.042000000Z", "process": "a\"b\\", "pid": 4711, )"
              R"("uid": 1000, "netns": 5, "cgroupId": 99, "cgroup": "/kubepods/pod1", )"
              R"("protocol": "TCP", "address": "10.96.0.10:80", "verdict": "refused", )"
              R"("connected": false, "service": "shop/web:http"})");
}

}  // namespace
}  // namespace sy
