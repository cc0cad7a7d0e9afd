#include "tests/netns/daemon_fixture.h"

#include <chrono>
#include <iostream>
#include <thread>

#include "tests/support/objects.h"

namespace sy::lab {

bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 1500; ++i) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

std::string family_name(const testing::TestParamInfo<Family>& info) {
    return std::string(to_string(info.param));
}

DaemonTest::DaemonTest() {
    folder.replace("cluster.yaml", cluster_manifest());
}

void DaemonTest::TearDown() {
    if (daemon && HasFailure()) {
        const std::string log = daemon->log();
        std::cout << "the end of the daemon's log:\n"
                  << (log.size() > 6000 ? log.substr(log.size() - 6000) : log);
    }
    daemon.reset();
    const Result<Finished> cleaned = run_switchyard(lab(), {"cleanup"});
    EXPECT_TRUE(cleaned && cleaned->status == 0) << (cleaned ? cleaned->err : "cannot run");
    EXPECT_TRUE(flush_conntrack(lab().at(Place::node)));
}

std::string DaemonTest::cluster_manifest() {
    Node node;
    node.name = "node";
    ServiceCidr cidr{"kubernetes", {}};
    for (Family each : kFamilies) {
        node.addresses.push_back(address(Place::node, each));
        node.pod_cidrs.push_back(pod_network(each));
        cidr.cidrs.push_back(service_network(each));
    }
    return manifest(node) + manifest(cidr);
}

std::string DaemonTest::pods(std::string_view service, std::vector<Place> places, Protocol protocol,
                             Port port) const {
    SliceSpec spec = slice(service, family()).port(port.number(), protocol);
    for (Place place : places) {
        const bool remote = place == Place::podr;
        spec.endpoint(at(place), remote ? "node2" : "node");
    }
    return manifest(spec);
}

std::string DaemonTest::web(std::string_view name, unsigned n) const {
    return manifest(service(name).ip(vip(n)).port(80));
}

void DaemonTest::start(std::vector<std::string> more) {
    daemon = std::make_unique<Daemon>(lab(), folder, std::move(more));
}

testing::AssertionResult DaemonTest::becomes(const Flow& flow,
                                             const std::set<std::string>& expected) const {
    std::set<std::string> seen;
    const bool reached_it = eventually([&] {
        seen = reached(lab(), flow, 8, std::chrono::milliseconds(1500));
        return seen == expected;
    });
    if (!reached_it) {
        return testing::AssertionFailure()
               << flow.to_string() << " ended with " << testing::PrintToString(seen);
    }
    if (expected == std::set<std::string>{"silent"}) {
        return testing::AssertionSuccess();
    }
    // Clients that came too early stay in the connection table for two minutes, untranslated: one
    // that happens to be given the same port later would have their fate.
    const auto forgotten =
        run_in(lab().at(Place::node), {"conntrack", "-D", "-p", "tcp", "--state", "SYN_SENT", "-f",
                                       flow.to.family() == Family::ipv4 ? "ipv4" : "ipv6"});
    if (!forgotten) {
        return testing::AssertionFailure() << forgotten.error().message();
    }
    return expect_reaches(lab(), flow, expected, 16);
}

std::string DaemonTest::ruleset() const {
    return node_command({"nft", "-s", "list", "ruleset"});
}

Result<HttpAnswer> DaemonTest::get(Place from, const SocketAddress& address,
                                   std::string_view path) const {
    const Entered inside(lab().at(from));
    return http_get(address, path);
}

std::string DaemonTest::metric(const std::string& series) const {
    const auto answer = get(Place::node, {IpAddr::v4(127, 0, 0, 1), Port(10249)}, "/metrics");
    if (!answer) {
        return {};
    }
    const auto at = answer->body.find("\n" + series + " ");
    if (at == std::string::npos) {
        return {};
    }
    const auto begin = at + series.size() + 2;
    return answer->body.substr(begin, answer->body.find('\n', begin) - begin);
}

std::string DaemonTest::node_command(const std::vector<std::string>& argv) const {
    const Result<std::string> out = must_run_in(lab().at(Place::node), argv);
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : std::string();
}

}  // namespace sy::lab
