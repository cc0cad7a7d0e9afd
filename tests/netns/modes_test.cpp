// One mode takes over from another, for every ordered pair that this machine can run: nobody is
// refused or led astray meanwhile, established connections live on, and nothing of the former mode
// is left.
#include <algorithm>
#include <array>
#include <iostream>
#include <sstream>

#include "tests/netns/ebpf_daemon_fixture.h"
#include "tests/support/contenders.h"
#include "tests/support/outside_view.h"

namespace sy::lab {
namespace {

using enum Place;

/// In the order of Clients::all().
constexpr std::array kClients{"a pod to a NodePort", "a process to a ClusterIP", "datagrams",
                              "a client to be remembered", "from outside"};

class Modes : public EbpfDaemonTest {
  protected:
    void TearDown() override {
        if (daemon && HasFailure()) {
            std::cout << "the end of the daemon's log:\n" << tail(daemon->log());
        }
        daemon.reset();
        clean_up();
        EXPECT_EQ(landmarks(), std::set<std::string>());
        // The empty tables that iptables-nft leaves of any use.
        node_command({"nft", "flush", "ruleset"});
        DaemonTest::TearDown();
    }

    void start_as(const Contender& contender) {
        Words words = places();
        words.insert(words.end(), {"--proxy-mode", std::string(contender.entry->name)});
        words.insert(words.end(), contender.flags.begin(), contender.flags.end());
        start(words);
    }

    /// What kinds of things there are in the kernel, in the words of each tool; no contents.
    std::set<std::string> landmarks() const {
        std::set<std::string> all;
        const auto note = [&](const Words& command, const std::string& what) {
            if (listed(lab(), command).find(what) != std::string::npos) {
                all.insert(command.front() + " " + what);
            }
        };
        for (const char* family : {"", "6"}) {
            for (const char* variant : {"legacy", "nft"}) {
                note({std::string("ip") + family + "tables-" + variant + "-save"}, "SY-");
            }
        }
        // What iptables-nft made stays when it is empty, as after any use of it.
        std::istringstream tables(listed(lab(), {"nft", "list", "tables"}));
        for (std::string line; std::getline(tables, line);) {
            if (!line.ends_with(" nat") && !line.ends_with(" filter")) {
                all.insert(line);
            }
        }
        std::istringstream sets(listed(lab(), {"ipset", "list", "-n"}));
        for (std::string line; std::getline(sets, line);) {
            if (line.find("-a-") == std::string::npos) {  // one for each endpoint of the moment
                all.insert(line);
            }
        }
        for (const char* family : {"-4", "-6"}) {
            const Words routes{"ip", family, "route", "show", "table", "local", "proto", "88"};
            if (!listed(lab(), routes).empty()) {
                all.insert(std::string("routes ") + family);
            }
        }
        if (!attached().empty()) {
            all.insert("programs");
        }
        if (!pinned().empty()) {
            all.insert("pins");
        }
        return all;
    }

    /// Packets of every kind are translated. Flows of before are not asked: in mid-change the new
    /// rules may have masqueraded what the old ones translated.
    testing::AssertionResult works() const {
        if (auto flushed = flush_conntrack(lab().at(node)); !flushed) {
            return testing::AssertionFailure() << flushed.error().message();
        }
        if (auto node_port = becomes(tcp(ext, node_ip(), Port(30001)), {"pod1 masq", "podr masq"});
            !node_port) {
            return node_port;
        }
        return becomes(udp(pod2, vip(2), Port(53)), {"pod1 kept", "podr kept"});
    }

    /// Nothing but `alone` is left, except what connections of `before` need until they end: IPVS
    /// carries its connections itself.
    testing::AssertionResult becomes_alone(const std::set<std::string>& alone,
                                           const Contender& before) const {
        const auto left = [&] {
            auto all = landmarks();
            if (needs_ipvs(before)) {
                all.erase("routes -4");
                all.erase("routes -6");
            }
            return all;
        };
        if (eventually([&] { return left() == alone; })) {
            return testing::AssertionSuccess();
        }
        return testing::AssertionFailure()
               << testing::PrintToString(left()) << " instead of " << testing::PrintToString(alone);
    }

    static bool needs_ipvs(const Contender& one) { return one.entry->name == "ipvs"; }

    /// A mode alone in the kernel; what is there of it then.
    void start_alone(const Contender& one, std::set<std::string>& alone) {
        clean_up();
        start_as(one);
        ASSERT_TRUE(synced());
        EXPECT_TRUE(works());
        EXPECT_EQ(daemon->terminate(), 0);
        alone = landmarks();
        EXPECT_FALSE(alone.empty());
    }

    /// One mode takes over from another under load, and leaves `alone` in the kernel.
    void change(const Contender& before, const Contender& after,
                const std::set<std::string>& alone) {
        clean_up();
        start_as(before);
        ASSERT_TRUE(synced());
        EXPECT_TRUE(works());
        Session session = Session::open(lab(), tcp(pod2, vip(1), Port(80)));
        Session outside = Session::open(lab(), tcp(ext, node_ip(), Port(30001)));
        Clients clients(*this);
        clients.wait_for(2);
        EXPECT_EQ(daemon->terminate(), 0);
        clients.wait_for(2);
        start_as(after);
        ASSERT_TRUE(synced());
        EXPECT_TRUE(becomes_alone(alone, before));
        clients.wait_for(4);
        // Long enough for a second look at what connections are left.
        std::this_thread::sleep_for(std::chrono::seconds(needs_ipvs(before) ? 3 : 0));
        if (!needs_ipvs(before) || after.entry->name != "ebpf") {
            EXPECT_TRUE(session.echo("after the change"));
            EXPECT_TRUE(outside.echo("after the change"));
        }
        const auto all = clients.all();
        for (std::size_t i = 0; i < all.size(); ++i) {
            SCOPED_TRACE(kClients[i]);
            expect_answered({all[i]});
        }
        EXPECT_TRUE(works());
        EXPECT_EQ(daemon->terminate(), 0);
    }

    /// The changes between two modes that `wanted` accepts.
    void change_every(bool (*wanted)(const Contender& before, const Contender& after)) {
        write_all();
        for (const Contender& after : contenders()) {
            std::set<std::string> alone;
            for (const Contender& before : contenders()) {
                if (before.name == after.name || !wanted(before, after)) {
                    continue;
                }
                const auto what =
                    "from " + std::string(before.name) + " to " + std::string(after.name);
                SCOPED_TRACE(what);
                std::cout << what << std::endl;  // an emulated machine takes minutes for each
                if (alone.empty()) {
                    ASSERT_NO_FATAL_FAILURE(start_alone(after, alone));
                }
                ASSERT_NO_FATAL_FAILURE(change(before, after, alone));
            }
        }
    }
};
SY_EVERY_FAMILY(Modes);

TEST_P(Modes, TakeOverFromEachOther) {
    change_every([](const Contender& one, const Contender& other) {
        return !needs_ipvs(one) && !needs_ipvs(other);
    });
}

// Apart from the others: kernels with IPVS may be emulated ones, where all of them take long.
TEST_P(Modes, TakeOverFromIpvsAndGiveToIt) {
    if (std::ranges::none_of(contenders(), needs_ipvs)) {
        GTEST_SKIP() << "this kernel has no IPVS";
    }
    change_every([](const Contender& one, const Contender& other) {
        return needs_ipvs(one) || needs_ipvs(other);
    });
}

}  // namespace
}  // namespace sy::lab
