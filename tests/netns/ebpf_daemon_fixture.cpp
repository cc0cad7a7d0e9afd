#include "tests/netns/ebpf_daemon_fixture.h"

#include <iostream>

namespace sy::lab {

using enum Place;

void EbpfDaemonTest::SetUp() {
    ASSERT_TRUE(lab().cgroup()) << lab().cgroup().error().message();
}

void EbpfDaemonTest::TearDown() {
    if (daemon && HasFailure()) {
        std::cout << "the end of the daemon's log:\n" << tail(daemon->log());
    }
    daemon.reset();
    clean_up();
    EXPECT_EQ(attached(), "");
    EXPECT_EQ(pinned(), "");
    EXPECT_EQ(ruleset(), "");
    DaemonTest::TearDown();
}

std::string EbpfDaemonTest::tail(const std::string& log) {
    constexpr std::size_t kEnough = 6000;
    return log.size() > kEnough ? log.substr(log.size() - kEnough) : log;
}

EbpfDaemonTest::Words EbpfDaemonTest::places() const {
    return {"--cgroup-root", *lab().cgroup(), "--bpf-root", lab().bpf_root()};
}

void EbpfDaemonTest::start_mode(const std::string& mode) {
    Words words = places();
    words.insert(words.end(), {"--proxy-mode", mode});
    start(words);
}

void EbpfDaemonTest::clean_up() {
    Words words = places();
    words.insert(words.begin(), "cleanup");
    const Result<Finished> done = run_switchyard(lab(), words);
    EXPECT_TRUE(done && done->status == 0) << (done ? done->err : "cannot run");
}

bool EbpfDaemonTest::synced() const {
    return eventually([&] { return daemon->log().find("synced") != std::string::npos; });
}

unsigned EbpfDaemonTest::generations() const {
    unsigned count = 0;
    const std::string tree = pinned();
    for (std::size_t at = 0; (at = tree.find("/layout\n", at)) != std::string::npos; ++at) {
        ++count;
    }
    return count;
}

ServiceSpec EbpfDaemonTest::web_service() const {
    return service("shop/web").ip(vip(1)).port(80).node_port(30001);
}

void EbpfDaemonTest::write_web(std::vector<Place> places) {
    folder.replace("web.yaml", manifest(web_service()) + pods("shop/web", std::move(places)));
}

void EbpfDaemonTest::write_dns(std::vector<Place> places) {
    folder.replace("dns.yaml", manifest(service("shop/dns").ip(vip(2)).port(53, Protocol::udp)) +
                                   pods("shop/dns", std::move(places), Protocol::udp));
}

void EbpfDaemonTest::write_all() {
    write_web({pod1, podr});
    write_dns({pod1, podr});
    folder.replace("sticky.yaml",
                   manifest(service("shop/sticky").ip(vip(3)).port(80).sticky(3600)) +
                       pods("shop/sticky", {pod1, podr}));
}

testing::AssertionResult EbpfDaemonTest::at_work() const {
    return becomes(by_socket(), {"pod1 kept", "podr kept"});
}

EbpfDaemonTest::Clients::Clients(const EbpfDaemonTest& test)
    : pod(test.lab(), test.by_socket()),
      process(test.lab(), unbound(tcp(node, test.vip(1), Port(80)))),
      datagrams(test.lab(), udp(pod2, test.vip(2), Port(53))),
      sticky(test.lab(), tcp(pod2, test.vip(3), Port(80))),
      outside(test.lab(), tcp(ext, test.vip(1), Port(80))) {}

void EbpfDaemonTest::Clients::wait_for(unsigned long n) {
    for (const Traffic* each : all()) {
        each->wait_for(n);
    }
}

void EbpfDaemonTest::expect_answered(const std::vector<Traffic*>& clients) {
    for (Traffic* each : clients) {
        for (const auto& [outcome, count] : each->stop()) {
            const std::string server = outcome.substr(0, outcome.find(' '));
            EXPECT_TRUE(server == "pod1" || server == "podr") << count << " times " << outcome;
        }
        EXPECT_GT(each->count(), 0u);
    }
}

void EbpfDaemonTest::expect_unharmed(Clients& clients) {
    expect_answered(clients.all());
    for (const auto& [outcome, count] : clients.pod.stop()) {
        EXPECT_TRUE(outcome.ends_with(" kept")) << count << " times " << outcome;
    }
    EXPECT_EQ(clients.sticky.stop().size(), 1u) << "the memory of clients was lost";
}

}  // namespace sy::lab
