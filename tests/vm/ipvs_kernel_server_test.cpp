// Virtual servers and destinations on a real kernel.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/vm/ipvs_kernel_lab.h"

namespace sy::ipvs {
namespace {

using enum Change::Kind;

class IpvsServers : public IpvsLab {};

constexpr std::array kSchedulers{"rr", "wrr", "lc", "wlc", "sed",  "nq",   "sh",
                                 "dh", "mh",  "fo", "ovf", "lblc", "lblcr"};

std::string mark_text(uint32_t mark) {
    return std::to_string(mark);
}

TEST_F(IpvsServers, AreMadeAsIpvsadmShowsThem) {
    const auto v4 = key(Family::ipv4, 1);
    const auto v6 = key(Family::ipv6, 1);
    commit({new_server(v4), change(add, destination(v4, "10.0.0.1")),
            change(add, destination(v4, "10.0.0.2", 53, 0)), new_server(v6, "wlc"),
            change(add, destination(v6, "fd00::1", 443))});
    const std::string mark = mark_text(v4.mark);
    EXPECT_EQ(saved(),
              "-A -f " + mark + " -6 -s wlc\n" +  //
                  "-A -f " + mark + " -s rr\n" +  //
                  "-a -f " + mark + " -6 -r [fd00::1]:443 -m -w 1\n" + "-a -f " + mark +
                  " -r 10.0.0.1:8080 -m -w 1\n" +  //
                  "-a -f " + mark + " -r 10.0.0.2:53 -m -w 0\n");
}

TEST_F(IpvsServers, ComeBackFromADump) {
    const auto v4 = key(Family::ipv4, 0xffffe);
    const auto local = ServerKey{Family::ipv6, 0x8000'0000 | kTag | 7};
    commit({new_server(v4, "sh"), new_server(local), change(add, destination(v4, "10.0.0.2")),
            change(add, destination(v4, "10.0.0.1", 80, 0)),
            change(add, destination(local, "fd00::7", 65535, 3))});
    const Dumped dumped = dump();
    EXPECT_EQ(dumped.servers, (std::vector<Server>{{v4, "sh"}, {local, "rr"}}));
    EXPECT_EQ(
        dumped.destinations,
        (std::vector<Destination>{destination(v4, "10.0.0.1", 80, 0), destination(v4, "10.0.0.2"),
                                  destination(local, "fd00::7", 65535, 3)}));
    EXPECT_TRUE(dumped.routes.empty());
}

TEST_F(IpvsServers, HaveEveryScheduler) {
    std::vector<Change> changes;
    std::vector<Server> expected;
    for (const Family family : kFamilies) {
        for (std::size_t i = 0; i < kSchedulers.size(); ++i) {
            const auto server = key(family, static_cast<uint32_t>(i + 1));
            changes.push_back(new_server(server, kSchedulers[i]));
            expected.push_back({server, kSchedulers[i]});
        }
    }
    commit(changes);
    EXPECT_EQ(dump().servers, expected);
    EXPECT_NE(saved().find("-s mh -b mh-port"), std::string::npos) << saved();
}

TEST_F(IpvsServers, ChangeInPlace) {
    const auto server = key(Family::ipv4, 1);
    commit({new_server(server), change(add, destination(server, "10.0.0.1"))});
    commit({edit_server(server, "wlc"), change(set, destination(server, "10.0.0.1", 8080, 0))});
    EXPECT_EQ(dump().servers, (std::vector<Server>{{server, "wlc"}}));
    EXPECT_EQ(dump().destinations,
              (std::vector<Destination>{destination(server, "10.0.0.1", 8080, 0)}));
    commit({change(remove, destination(server, "10.0.0.1"))});
    EXPECT_TRUE(dump().destinations.empty());
    commit({drop_server(server)});
    EXPECT_EQ(saved(), "");
}

TEST_F(IpvsServers, AnAdditionOfWhatIsThereBringsItToWhatIsAsked) {
    const auto server = key(Family::ipv6, 1);
    commit({new_server(server), change(add, destination(server, "fd00::1"))});
    traffic_ = {};
    commit({new_server(server, "lc"), change(add, destination(server, "fd00::1", 8080, 5))});
    EXPECT_EQ(traffic_.messages, 4U) << "two refused, two to mend";
    EXPECT_EQ(traffic_.sends, 2U);
    EXPECT_EQ(traffic_.dumps, 0U);
    EXPECT_EQ(dump().servers, (std::vector<Server>{{server, "lc"}}));
    EXPECT_EQ(dump().destinations,
              (std::vector<Destination>{destination(server, "fd00::1", 8080, 5)}));
}

TEST_F(IpvsServers, TheLastWordOfACommitStands) {
    const auto server = key(Family::ipv4, 1);
    const auto gone = key(Family::ipv4, 2);
    commit({new_server(server), change(add, destination(server, "10.0.0.1")),
            change(add, destination(server, "10.0.0.2")), new_server(gone),
            change(add, destination(gone, "10.0.0.3"))});
    commit({change(add, destination(server, "10.0.0.1", 8080, 4)),
            change(set, destination(server, "10.0.0.1", 8080, 0)),
            change(add, destination(server, "10.0.0.2")),
            change(remove, destination(server, "10.0.0.2")), new_server(gone, "lc"),
            change(add, destination(gone, "10.0.0.3", 8080, 2)), drop_server(gone)});
    EXPECT_EQ(dump().servers, (std::vector<Server>{{server, "rr"}}));
    EXPECT_EQ(dump().destinations,
              (std::vector<Destination>{destination(server, "10.0.0.1", 8080, 0)}));
}

TEST_F(IpvsServers, TheRemovalOfWhatIsGoneIsFine) {
    const auto server = key(Family::ipv4, 1);
    commit({drop_server(server), change(remove, destination(server, "10.0.0.1"))});
    commit({new_server(server), change(remove, destination(server, "10.0.0.1"))});
    EXPECT_EQ(dump().servers.size(), 1U);
}

TEST_F(IpvsServers, WhatIsMissingIsDrift) {
    const auto server = key(Family::ipv4, 1);
    const auto missing = key(Family::ipv4, 2);
    commit({new_server(server)});
    for (const Change& one :
         {edit_server(missing, "rr", 7), change(add, destination(missing, "10.0.0.1"), 7),
          change(set, destination(missing, "10.0.0.1"), 7),
          change(set, destination(server, "10.0.0.1"), 7)}) {
        const auto done = kernel_->commit({one, change(add, destination(server, "10.0.0.9"), 8)});
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().reason, CommitError::Reason::drift) << done.error().error.message();
        EXPECT_EQ(done.error().suspects, (std::vector<uint32_t>{7}));
    }
    EXPECT_EQ(dump().destinations.size(), 1U) << "all others are carried out";
}

TEST_F(IpvsServers, ARefusalNamesItsOwnerAndStopsNobody) {
    const auto v4 = key(Family::ipv4, 1);
    const auto v6 = key(Family::ipv6, 1);
    std::vector<Change> changes{new_server(v4), new_server(v6)};
    std::vector<Destination> expected;
    // More than one send.
    for (uint32_t i = 0; i < 2000; ++i) {
        const bool bad = i == 3 || i == 1500;
        const std::string ip =
            bad ? "224.0.0.1"
                : "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
        changes.push_back(change(add, destination(v4, ip), i));
        if (!bad) {
            expected.push_back(destination(v4, ip));
        }
    }
    changes.push_back(change(add, destination(v6, "ff02::1"), 4000));
    changes.push_back(change(add, destination(v6, "fd00::1"), 4001));
    expected.push_back(destination(v6, "fd00::1"));
    const auto done = kernel_->commit(changes);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason, CommitError::Reason::change);
    EXPECT_EQ(done.error().suspects, (std::vector<uint32_t>{3, 1500, 4000}));
    EXPECT_EQ(done.error().error.message(),
              "add 224.0.0.1:8080 to the virtual server 0x05a00001 (IPv4): Invalid argument");
    std::ranges::sort(expected);
    EXPECT_EQ(dump().destinations, expected);
}

TEST_F(IpvsServers, AnUnknownSchedulerIsNobodysFault) {
    const auto done = kernel_->commit({new_server(key(Family::ipv4, 1), "nosuch", 3)});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason, CommitError::Reason::other);
    IpvsSettings settings;
    settings.scheduler = "nosuch";
    const auto kernel = open(settings);
    const auto probed = kernel->probe();
    ASSERT_FALSE(probed);
    EXPECT_NE(probed.error().message().find("load the module ip_vs_nosuch"), std::string::npos)
        << probed.error().message();
}

TEST_F(IpvsServers, OfOthersAreNeverTouched) {
    const std::string others =
        "-A -t 10.96.0.1:443 -s rr\n"
        "-a -t 10.96.0.1:443 -r 10.0.0.1:6443 -m -w 1\n"
        "-A -u 192.0.2.1:53 -s wlc -p 600\n"
        "-A -t [fd00::1]:443 -s rr\n"
        "-A -f 1 -s rr\n"
        "-a -f 1 -r 10.0.0.1:80 -m -w 1\n"
        "-A -f 1 -6 -s rr\n";
    output({"ipvsadm", "-R"}, others);
    // Marks that have almost our tag.
    output({"ipvsadm", "-A", "-f", std::to_string(0x05b0'0001), "-s", "rr"});
    output({"ipvsadm", "-A", "-f", std::to_string(0x0480'0001), "-s", "rr"});
    const std::string before = saved();
    EXPECT_TRUE(dump().servers.empty());
    EXPECT_TRUE(dump().destinations.empty());
    const auto server = key(Family::ipv4, 1);
    commit({new_server(server), change(add, destination(server, "10.0.0.1", 6443))});
    EXPECT_EQ(dump().servers.size(), 1U);
    ASSERT_TRUE(kernel_->remove_all());
    EXPECT_EQ(saved(), before);
}

TEST_F(IpvsServers, ProbingLeavesNothing) {
    EXPECT_EQ(saved(), "");
    output({"ipvsadm", "-A", "-f", "5", "-s", "rr"});
    ASSERT_TRUE(kernel_->probe());
    EXPECT_EQ(saved(), "-A -f 5 -s rr\n");
}

TEST_F(IpvsServers, ActivityOfAMissingServerIsLeftOut) {
    const auto server = key(Family::ipv4, 1);
    commit({new_server(server), change(add, destination(server, "10.0.0.1"))});
    traffic_ = {};
    const auto activity = kernel_->activity({server, key(Family::ipv4, 2), key(Family::ipv6, 1)});
    ASSERT_TRUE(activity) << activity.error().message();
    ASSERT_EQ(activity->size(), 1U);
    EXPECT_EQ(activity->front().destination, destination(server, "10.0.0.1"));
    EXPECT_EQ(activity->front().active + activity->front().inactive, 0U);
    EXPECT_EQ(traffic_.dumps, 3U);
}

}  // namespace
}  // namespace sy::ipvs
