// Random changes of the cluster under random faults of the API server. Whatever the daemon was
// told and was not, in the end it is what a fresh start would make.
#include <iostream>
#include <map>
#include <random>

#include "tests/netns/kube_fixture.h"

namespace sy::lab {
namespace {

constexpr unsigned kServices = 24;
constexpr unsigned kSteps = 150;
/// Unless --gtest_random_seed says otherwise.
constexpr unsigned kSeed = 20250314;

unsigned seed() {
    const int asked = testing::GTEST_FLAG(random_seed);
    return asked != 0 ? static_cast<unsigned>(asked) : kSeed;
}

class KubeSoak : public KubeTest {
  protected:
    unsigned draw(unsigned below) { return static_cast<unsigned>(random_() % below); }
    bool one_in(unsigned n) { return draw(n) == 0; }

    static std::string name(unsigned n) { return "soak/s" + std::to_string(n); }
    IpAddr ip(unsigned n) const { return vip(20 + n); }
    static Port node_port(unsigned n) { return Port(static_cast<uint16_t>(31000 + n)); }

    void change_something();
    void change_slice(unsigned n, unsigned which);
    void disturb();
    void disturb_connections();
    /// Everything that went before has arrived, in whatever order.
    void settle();
    void expect_right(unsigned n) const;

    /// What is true: per Service whether it is there, and the places of its two slices.
    struct Truth {
        bool there = false;
        std::array<std::set<Place>, 2> slices;

        std::set<std::string> outcome() const {
            if (!there) {
                return {"silent"};
            }
            std::vector<Place> places(slices[0].begin(), slices[0].end());
            places.insert(places.end(), slices[1].begin(), slices[1].end());
            return places.empty() ? std::set<std::string>{"refused"} : masqueraded(places);
        }
    };
    std::array<Truth, kServices> truth_;

  private:
    std::mt19937 random_{seed()};
    unsigned markers_ = 0;
};
SY_EVERY_FAMILY(KubeSoak);

void KubeSoak::change_slice(unsigned n, unsigned which) {
    SliceSpec spec = slice(name(n), family(), std::to_string(which));
    spec.port(kServerPort.number());
    std::set<Place>& places = truth_[n].slices[which];
    places.clear();
    if (one_in(6)) {
        server.remove("endpointslices", spec.ns(), spec.name());
        return;
    }
    for (const Place place : {Place::pod1, Place::pod2, Place::podr}) {
        if (one_in(2)) {
            places.insert(place);
            spec.endpoint(at(place), place == Place::podr ? "node2" : "node");
        }
    }
    server.put_all(manifest(spec));
}

void KubeSoak::change_something() {
    const unsigned n = draw(kServices);
    if (one_in(3)) {
        truth_[n].there = !truth_[n].there;
        if (truth_[n].there) {
            ServiceSpec spec = service(name(n)).ip(ip(n)).port(80);
            server.put_all(manifest(spec.node_port(node_port(n).number())));
        } else {
            server.remove("services", "soak", name(n).substr(5));
        }
    } else {
        change_slice(n, draw(2));
    }
}

void KubeSoak::settle() {
    EXPECT_TRUE(watching());
    // Through both watches: a Service and a slice that were not there before.
    const unsigned n = 100 + markers_++ % 100;
    const std::string marker = "soak/marker" + std::to_string(markers_);
    server.put_all(web(marker, n) + pods(marker, {Place::pod1}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(n), Port(80)), {"pod1 masq"}));
    server.remove("services", "soak", marker.substr(5));
    server.remove("endpointslices", "soak", slice(marker, family()).name());
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(n), Port(80)), {"silent"}));
}

void KubeSoak::disturb_connections() {
    ApiFault fault;
    fault.times = static_cast<int>(draw(4));
    const Cut how = one_in(2) ? Cut::fin : Cut::rst;
    switch (draw(8)) {
        case 0:
            server.cut(how, one_in(2));
            break;
        case 1:
            server.expire_watches(one_in(2) ? "endpointslices" : "services");
            break;
        case 2:
            server.compact();
            server.cut(how);
            break;
        case 3:
            fault.status = one_in(2) ? 503 : 500;
            server.inject(fault);
            break;
        case 4:
            fault.cut_after = draw(20000);
            fault.cut = how;
            server.inject(fault);
            server.cut(how);
            break;
        case 5:
            fault.drip = 200 + draw(2000);
            server.inject(fault);
            server.compact();
            server.cut(how);
            break;
        case 6:
            server.stop(how);
            change_something();
            change_something();
            if (one_in(2)) {
                server.compact();
            }
            server.start();
            break;
        default:
            fault.target = "continue=";
            fault.status = 410;
            server.inject(fault);
            server.expire_watches();
    }
}

void KubeSoak::disturb() {
    // A server never sends events out of order and then loses some: while they are reordered,
    // connections hold.
    static constexpr std::array kModes{WatchList::supported, WatchList::invalid,
                                       WatchList::ignored};
    const bool reorder = one_in(8);
    server.configure([&](ApiServerOptions& options) {
        options.duplicate_events = one_in(4);
        options.reorder_events = reorder;
        options.event_chunk = one_in(3) ? 1 + draw(300) : 0;
        options.gone_as = one_in(2) ? GoneAs::event : GoneAs::http;
        options.watch_list = kModes[draw(kModes.size())];
        options.bookmarks_every = std::chrono::milliseconds(one_in(2) ? 10 : 0);
    });
    if (!reorder) {
        disturb_connections();
        return;
    }
    for (unsigned i = 0; i < 10; ++i) {
        change_something();
    }
    server.clear_faults();
    settle();
    server.configure([](ApiServerOptions& options) { options.reorder_events = false; });
}

void KubeSoak::expect_right(unsigned n) const {
    SCOPED_TRACE(name(n));
    const std::set<std::string> expected = truth_[n].outcome();
    EXPECT_TRUE(becomes(tcp(Place::ext, ip(n), Port(80)), expected));
    if (truth_[n].there && expected != std::set<std::string>{"refused"}) {
        EXPECT_TRUE(becomes(tcp(Place::blk, node_ip(), node_port(n)), expected));
    }
}

TEST_P(KubeSoak, EndsAsAFreshStartWould) {
    std::cout << "seed " << seed() << ", " << kSteps << " steps\n";
    server.load(bulk(600));
    put_web();
    start();
    ASSERT_TRUE(becomes(web_flow(), masqueraded({Place::pod1, Place::podr})));
    Session session = Session::open(lab(), web_flow());
    Traffic traffic(lab(), web_flow());
    for (unsigned step = 0; step < kSteps; ++step) {
        change_something();
        if (one_in(3)) {
            disturb();
        }
        if (one_in(20)) {
            daemon->kill();
            start();
        }
        if (one_in(4)) {
            traffic.wait_for(1 + draw(20));
        }
        ASSERT_TRUE(daemon->running()) << "step " << step;
    }
    server.clear_faults();
    server.configure([&](ApiServerOptions& options) { options = server_options(); });
    settle();
    for (unsigned n = 0; n < kServices; ++n) {
        expect_right(n);
    }
    EXPECT_TRUE(session.echo("after all"));
    for (const auto& [outcome, count] : traffic.stop()) {
        EXPECT_TRUE(masqueraded({Place::pod1, Place::podr}).contains(outcome))
            << count << " times " << outcome;
    }
    // A daemon that knows nothing lists all objects and compares the kernel with them.
    daemon->kill();
    const std::string before = ruleset();
    start();
    ASSERT_TRUE(synced());
    EXPECT_NE(daemon->log().find(" 0 writes"), std::string::npos) << daemon->log();
    EXPECT_EQ(ruleset(), before);
}

}  // namespace
}  // namespace sy::lab
