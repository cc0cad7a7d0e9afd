// The daemon's life in mode ebpf: starts, deaths, growth, upgrades and changes of mode.
#include <csignal>

#include "tests/netns/ebpf_daemon_fixture.h"

namespace sy::lab {
namespace {

using enum Place;

using EbpfLife = EbpfDaemonTest;
SY_EVERY_FAMILY(EbpfLife);

TEST_P(EbpfLife, ASecondStartWritesNothing) {
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    const std::string links = attached();
    const std::string pins = pinned();
    const std::string rules = ruleset();
    EXPECT_NE(links, "");
    for (const bool in_peace : {true, false}) {
        if (in_peace) {
            EXPECT_EQ(daemon->terminate(), 0);
        } else {
            daemon->kill();
        }
        EXPECT_EQ(attached(), links);
        EXPECT_TRUE(expect_reaches(lab(), by_socket(), {"pod1 kept", "podr kept"}, 16));
        start_ebpf();
        EXPECT_TRUE(synced());
        EXPECT_NE(daemon->log().find("0 writes"), std::string::npos);
        EXPECT_EQ(attached(), links);
        EXPECT_EQ(pinned(), pins);
        EXPECT_EQ(ruleset(), rules);
    }
    EXPECT_TRUE(at_work());
}

TEST_P(EbpfLife, KilledAndRestartedUnderLoad) {
    constexpr unsigned kRounds = 8;
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    ClientSocket connected(lab(), pod2, tcp_socket());
    ASSERT_EQ(connected.connect_and_wait(web_vip()), 0);
    Clients clients(*this);
    for (unsigned round = 0; round < kRounds; ++round) {
        clients.wait_for(2);
        if (round % 2 == 0) {
            daemon->kill();
        } else {
            EXPECT_EQ(daemon->terminate(), 0);
        }
        clients.wait_for(2);
        folder.replace("extra.yaml", web("shop/extra", 10 + round) +
                                         pods("shop/extra", {round % 2 == 0 ? pod1 : podr}));
        start_ebpf();
        if (round % 4 != 3) {  // else it is killed before it has done anything
            EXPECT_TRUE(synced());
        }
    }
    clients.wait_for(2);
    expect_unharmed(clients);
    EXPECT_TRUE(becomes(tcp(pod2, vip(10 + kRounds - 1), Port(80)), {"podr kept"}));
    EXPECT_EQ(connected.peer(), web_vip());
    EXPECT_EQ(connected.receive().error, 0);
}

TEST_P(EbpfLife, MapsGrowUnderLoad) {
    constexpr unsigned kMany = 3000;  // a small cluster's maps hold 1024
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    const std::string first = pinned();
    ClientSocket tcp_client(lab(), pod2, tcp_socket());
    ASSERT_EQ(tcp_client.connect_and_wait(web_vip()), 0);
    ClientSocket udp_client(lab(), pod2, udp_socket());
    const auto before = udp_client.ask(dns_vip());
    Clients clients(*this);
    std::string many;
    for (unsigned n = 0; n < kMany; ++n) {
        const std::string name = "bulk/s" + std::to_string(n);
        many += manifest(service(name).ip(bulk_ip(n)).port(80)) + pods(name, {pod1});
    }
    folder.replace("bulk.yaml", many);
    EXPECT_TRUE(becomes(tcp(pod2, bulk_ip(kMany - 1), Port(80)), {"pod1 kept"}));
    EXPECT_TRUE(becomes(tcp(pod2, bulk_ip(0), Port(80)), {"pod1 kept"}));
    clients.wait_for(2);
    EXPECT_NE(pinned(), first);
    EXPECT_EQ(generations(), 1u);
    daemon->kill();
    start_ebpf();
    EXPECT_TRUE(synced());
    EXPECT_NE(daemon->log().find("0 writes"), std::string::npos);
    folder.remove("bulk.yaml");
    EXPECT_TRUE(becomes(tcp(pod2, bulk_ip(0), Port(80)), {"silent"}));
    expect_unharmed(clients);
    // What sockets hold went along.
    EXPECT_EQ(tcp_client.peer(), web_vip());
    const auto after = udp_client.ask(dns_vip());
    EXPECT_EQ(after.greeting.server, before.greeting.server);
    EXPECT_EQ(after.from, dns_vip());
}

TEST_P(EbpfLife, MapsOfAnotherLayoutAreReplacedUnderLoad) {
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    ClientSocket connected(lab(), pod2, tcp_socket());
    ASSERT_EQ(connected.connect_and_wait(web_vip()), 0);
    const std::string first = pinned();
    daemon->kill();
    // As a release with another abi.h would find them.
    node_command({"sh", "-ec",
                  "bpftool map update pinned " + lab().bpf_root() +
                      "/*/layout key 0 0 0 0 value 1 2 3 4 5 6 7 8 0 0 0 0 0 0 0 0"});
    Clients clients(*this);
    clients.wait_for(2);
    start_ebpf();
    EXPECT_TRUE(synced());
    EXPECT_TRUE(at_work());
    clients.wait_for(2);
    EXPECT_NE(pinned(), first);
    EXPECT_EQ(generations(), 1u);
    // Another layout remembers no clients.
    expect_answered(clients.all());
    EXPECT_EQ(connected.peer(), web_vip());
    daemon->kill();
    start_ebpf();
    EXPECT_TRUE(synced());
    EXPECT_NE(daemon->log().find("0 writes"), std::string::npos);
}

TEST_P(EbpfLife, TheModeChangesUnderLoad) {
    write_all();
    start_mode("nftables");
    EXPECT_TRUE(becomes(by_socket(), {"pod1 masq", "podr masq"}));
    Session session = Session::open(lab(), tcp(pod2, vip(1), Port(80)));
    Clients clients(*this);
    clients.wait_for(2);
    EXPECT_EQ(daemon->terminate(), 0);
    start_ebpf();
    EXPECT_TRUE(at_work());
    clients.wait_for(2);
    EXPECT_TRUE(session.echo("translated by packets, and still so"));
    ClientSocket connected(lab(), pod2, tcp_socket());
    ASSERT_EQ(connected.connect_and_wait(web_vip()), 0);
    EXPECT_EQ(daemon->terminate(), 0);
    start_mode("nftables");
    EXPECT_TRUE(becomes(by_socket(), {"pod1 masq", "podr masq"}));
    EXPECT_TRUE(eventually([&] { return attached().empty() && pinned().empty(); }));
    clients.wait_for(2);
    EXPECT_TRUE(session.echo("after all"));
    EXPECT_EQ(connected.receive().error, 0);
    expect_answered(clients.all());
}

}  // namespace
}  // namespace sy::lab
