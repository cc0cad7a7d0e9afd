// Whatever becomes of the API server, connections go on and the rules end up right.
#include <algorithm>

#include "tests/netns/kube_fixture.h"

namespace sy::lab {
namespace {

class KubeTrouble : public KubeTest {
  protected:
    /// Reachable, with an established connection and a client that never stops.
    void begin() {
        put_web();
        server.put_all(web("shop/old", 2) + pods("shop/old", {Place::pod1}));
        start();
        ASSERT_TRUE(becomes(web_flow(), both));
        ASSERT_TRUE(becomes(old_flow(), {"pod1 masq"}));
        ASSERT_TRUE(watching());
        session = Session::open(lab(), web_flow());
        ASSERT_TRUE(session);
        traffic = std::make_unique<Traffic>(lab(), web_flow());
        traffic->wait_for(10);
    }
    /// What happens while nobody tells the daemon.
    void change_meanwhile() {
        server.remove("services", "shop", "old");
        server.remove("endpointslices", "shop", slice("shop/old", family()).name());
        server.put_all(web("shop/new", 3) + pods("shop/new", {Place::pod2}));
    }
    void expect_changed() const {
        EXPECT_TRUE(becomes(tcp(Place::ext, vip(3), Port(80)), {"pod2 masq"}));
        EXPECT_TRUE(becomes(old_flow(), {"silent"}));
    }
    /// Nothing was lost on the way.
    void end() {
        EXPECT_TRUE(session.echo("still here"));
        traffic->wait_for(10);
        for (const auto& [outcome, count] : traffic->stop()) {
            EXPECT_TRUE(both.contains(outcome)) << count << " times " << outcome;
        }
        EXPECT_TRUE(becomes(web_flow(), both));
        EXPECT_TRUE(daemon->running());
    }
    /// The daemon has asked anew for all of the kind and is watching again.
    bool relisted(std::size_t requests_before) const {
        return eventually([&] { return server.requests("", "services") > requests_before; }) &&
               watching();
    }
    Flow old_flow() const { return tcp(Place::ext, vip(2), Port(80)); }

    const std::set<std::string> both{"pod1 masq", "podr masq"};
    Session session;
    std::unique_ptr<Traffic> traffic;
};
SY_EVERY_FAMILY(KubeTrouble);

TEST_P(KubeTrouble, GoneIsADifference) {
    for (const GoneAs how : {GoneAs::event, GoneAs::http}) {
        server.configure([&](ApiServerOptions& options) { options.gone_as = how; });
        SCOPED_TRACE(how == GoneAs::http ? "as HTTP" : "as an event");
        begin();
        const uint32_t before = generation();
        const std::size_t asked = server.requests("", "services");
        if (how == GoneAs::event) {
            server.expire_watches();
        } else {
            // A version that a new watch would begin from, and that is gone.
            server.put_all(cluster_manifest());
            server.compact();
            server.cut(Cut::fin);
        }
        EXPECT_TRUE(relisted(asked));
        EXPECT_EQ(generation(), before) << "nothing has changed";
        server.expire_watches();
        change_meanwhile();
        expect_changed();
        end();
        daemon->terminate();
    }
}

TEST_P(KubeTrouble, CutConnectionsAreMadeAgain) {
    begin();
    const uint32_t before = generation();
    for (const Cut how : {Cut::fin, Cut::rst}) {
        for (const bool mid_event : {false, true}) {
            const std::size_t asked = server.requests("", "services");
            server.cut(how, mid_event);
            EXPECT_TRUE(relisted(asked));
        }
    }
    EXPECT_EQ(generation(), before);
    change_meanwhile();
    expect_changed();
    end();
}

TEST_P(KubeTrouble, ARestartedServer) {
    begin();
    const uint32_t before = generation();
    server.stop(Cut::rst);
    server.start();
    EXPECT_TRUE(watching());
    EXPECT_EQ(generation(), before);
    change_meanwhile();
    expect_changed();
    end();
}

TEST_P(KubeTrouble, AnOutageInWhichTheClusterChanges) {
    begin();
    server.stop();
    traffic->wait_for(50);
    change_meanwhile();
    server.compact();
    if (family() == Family::ipv4) {
        // Long enough for every pause between two tries to have reached its limit.
        std::this_thread::sleep_for(std::chrono::seconds(60));
    }
    EXPECT_TRUE(expect_reaches(lab(), old_flow(), {"pod1 masq"}, 8)) << "not told yet";
    EXPECT_TRUE(session.echo("during the outage"));
    server.start();
    expect_changed();
    end();
}

TEST_P(KubeTrouble, AnOutageThatEndsWithAnEmptyAnswer) {
    // An API server that does not answer right is no reason to delete anything.
    begin();
    const uint32_t before = generation();
    ApiFault fault;
    fault.status = 503;
    fault.times = -1;
    server.inject(fault);
    server.cut(Cut::rst);
    EXPECT_TRUE(eventually([&] { return server.requests("", "services") > 3; }));
    EXPECT_EQ(generation(), before);
    server.clear_faults();
    EXPECT_TRUE(watching());
    change_meanwhile();
    expect_changed();
    end();
}

TEST_P(KubeTrouble, ASilentNetworkIsNoticed) {
    begin();
    blackhole(true);
    change_meanwhile();
    traffic->wait_for(50);
    EXPECT_TRUE(session.echo("during the silence"));
    // Longer than the daemon may take to give up on connections that are dead.
    std::this_thread::sleep_for(std::chrono::seconds(32));
    blackhole(false);
    expect_changed();
    EXPECT_TRUE(watching());
    end();
}

TEST_P(KubeTrouble, AServerThatAnswersNothing) {
    begin();
    server.freeze(true);
    change_meanwhile();
    traffic->wait_for(50);
    server.freeze(false);
    expect_changed();
    end();
}

TEST_P(KubeTrouble, SlowAndTornAnswersAtStart) {
    server.load(bulk(40));
    ApiFault torn;
    torn.verb = "watch";
    torn.resource = "services";
    torn.cut_after = 5000;
    server.inject(torn);
    torn.cut = Cut::rst;
    torn.resource = "endpointslices";
    server.inject(torn);
    ApiFault slow;
    slow.drip = 97;
    slow.times = 8;
    server.inject(slow);
    begin();
    change_meanwhile();
    expect_changed();
    end();
}

TEST_P(KubeTrouble, BusyServersAreAskedLater) {
    ApiFault busy;
    busy.status = 429;
    busy.retry_after = 1;
    busy.times = 4;
    server.inject(busy);
    ApiFault broken;
    broken.status = 500;
    broken.times = 4;
    server.inject(broken);
    begin();
    end();
}

TEST_P(KubeTrouble, DuplicatedAndReorderedEvents) {
    server.configure([](ApiServerOptions& options) {
        options.duplicate_events = true;
        options.reorder_events = true;
        options.event_chunk = 113;
    });
    begin();
    change_meanwhile();
    expect_changed();
    server.put_all(web("shop/a", 4) + pods("shop/a", {Place::pod1}) + web("shop/b", 5) +
                   pods("shop/b", {Place::pod2}) + pods("shop/a", {Place::podr}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(4), Port(80)), {"podr masq"}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(5), Port(80)), {"pod2 masq"}));
    end();
}

TEST_P(KubeTrouble, BookmarksSayWhereToGoOn) {
    begin();
    server.configure(
        [](ApiServerOptions& options) { options.bookmarks_every = std::chrono::milliseconds(20); });
    server.send_bookmarks();
    // Of this only bookmarks tell those who watch Services.
    server.put_all(cluster_manifest());
    const std::string now = "resourceVersion=" + std::to_string(server.resource_version()) + "&";
    EXPECT_TRUE(eventually([&] {
        server.cut(Cut::fin);
        const bool again = watching();
        const std::vector<SeenRequest> all = server.requests();
        const auto last = std::find_if(all.rbegin(), all.rend(), [](const SeenRequest& seen) {
            return seen.resource == "services";
        });
        return again && last != all.rend() && last->target.find(now) != std::string::npos;
    }));
    change_meanwhile();
    expect_changed();
    end();
}

TEST_P(KubeTrouble, ADaemonStartedDuringAnOutageKeepsTheRules) {
    begin();
    daemon->kill();
    const std::string before = ruleset();
    const uint32_t generation_before = generation();
    server.stop();
    start();
    EXPECT_TRUE(eventually([&] { return daemon->log().find("refused") != std::string::npos; }));
    EXPECT_EQ(generation(), generation_before);
    EXPECT_EQ(ruleset(), before);
    change_meanwhile();
    server.start();
    expect_changed();
    end();
}

}  // namespace
}  // namespace sy::lab
