// A daemon in mode ebpf and others: a second daemon, programs of somebody else, somebody who
// removes pins, the end; and sockets of an endpoint that is gone.
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tests/netns/ebpf_daemon_fixture.h"

namespace sy::lab {
namespace {

using enum Place;

using EbpfNeighbours = EbpfDaemonTest;
SY_EVERY_FAMILY(EbpfNeighbours);

TEST_P(EbpfNeighbours, TwoDaemonsOfTwoNodesDoNotTouchEachOther) {
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    const std::string ours = attached() + pinned() + ruleset();

    const std::string above = lab().cgroup()->substr(0, lab().cgroup()->rfind('/'));
    const Result<std::string> cgroup = make_thread_cgroup(above, "node2");
    ASSERT_TRUE(cgroup) << cgroup.error().message();
    const std::string root = lab().bpf_root() + "-2";
    const Words theirs{"--cgroup-root", *cgroup, "--bpf-root", root};
    ManifestFolder other_folder;
    other_folder.replace("cluster.yaml", cluster_manifest());
    other_folder.replace("web.yaml", manifest(web_service()) + pods("shop/web", {pod2}));
    Words words{"run", "--manifests", other_folder.path().string()};
    for (const Words& more : {lab_flags(), theirs, Words{"--proxy-mode", "ebpf"}}) {
        words.insert(words.end(), more.begin(), more.end());
    }
    {
        Daemon other(lab(), words, {"nsenter", "--net=" + lab().at(node2).path(), "--"});
        CgroupThread thread(*cgroup);
        const auto there = [&](const std::function<void()>& work) {
            thread.run([&] {
                const Entered inside(lab().at(podr));
                work();
            });
        };
        const auto asked = [&] {
            ClientSocket client(there, tcp_socket());
            return client.connect_and_wait(web_vip()) == 0 && client.peer() == web_vip() &&
                   client.receive().greeting.server == "pod2" && attached_programs(*cgroup) != "";
        };
        EXPECT_TRUE(eventually(asked)) << tail(other.log());
        EXPECT_EQ(attached() + pinned() + ruleset(), ours);
        // Nor may one take the other's place.
        Words thief = places();
        thief.insert(thief.begin(),
                     {"run", "--manifests", folder.path().string(), "--proxy-mode", "ebpf"});
        const Words flags = lab_flags();
        thief.insert(thief.end(), flags.begin(), flags.end());
        Daemon rival(lab(), thief, {"nsenter", "--net=" + lab().at(podr).path(), "--"});
        EXPECT_NE(rival.wait(), 0) << tail(rival.log());
        daemon->kill();
        clean_up();
        EXPECT_EQ(attached(), "");
        EXPECT_TRUE(eventually(asked));
        EXPECT_EQ(other.terminate(), 0);
        EXPECT_TRUE(asked());
    }
    Words cleanup{"nsenter", "--net=" + lab().at(node2).path(), "--", program(), "cleanup"};
    cleanup.insert(cleanup.end(), theirs.begin(), theirs.end());
    node_command(cleanup);
    EXPECT_EQ(attached_programs(*cgroup), "");
    EXPECT_EQ(list_tree(root), "");
    ::rmdir(cgroup->c_str());
}

TEST_P(EbpfNeighbours, ProgramsOfOthersStay) {
    const Fd bystander = attach_bystander(*lab().cgroup());
    ASSERT_TRUE(bystander);
    const std::string before = attached();
    EXPECT_EQ(before, "connect4 bystander\n");
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    EXPECT_NE(attached().find("connect4 bystander\n"), std::string::npos);
    daemon->kill();
    clean_up();
    EXPECT_EQ(attached(), before);
}

TEST_P(EbpfNeighbours, CleanupLeavesNothing) {
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    ClientSocket connected(lab(), pod2, tcp_socket());
    ASSERT_EQ(connected.connect_and_wait(web_vip()), 0);
    EXPECT_EQ(daemon->terminate(), 0);
    for (int i = 0; i < 2; ++i) {
        clean_up();
        EXPECT_EQ(attached(), "");
        EXPECT_EQ(pinned(), "");
        EXPECT_EQ(ruleset(), "");
    }
    EXPECT_EQ(connected.receive().error, 0);
}

TEST_P(EbpfNeighbours, PinsThatSomebodyRemovedAreMendedAfterAHangup) {
    write_all();
    start_ebpf();
    EXPECT_TRUE(at_work());
    Clients clients(*this);
    for (const std::string& what :
         {std::string("/*"), std::string("/links/*"), std::string("/*/frontends*")}) {
        node_command({"sh", "-ec", "rm -r " + lab().bpf_root() + what});
        daemon->signal(SIGHUP);
        EXPECT_TRUE(eventually([&] {
            return generations() == 1 && pinned().find("/frontends4\n") != std::string::npos &&
                   pinned().find("/links/connect6\n") != std::string::npos;
        })) << pinned();
        EXPECT_TRUE(at_work());
    }
    clients.wait_for(2);
    expect_answered(clients.all());
    EXPECT_TRUE(daemon->running());
}

TEST_P(EbpfNeighbours, ConnectedUdpSocketsFollowTheirService) {
    write_all();
    write_dns({pod1});
    start_ebpf();
    EXPECT_TRUE(becomes(udp(pod2, vip(2), Port(53)), {"pod1 kept"}));
    ClientSocket connected(lab(), pod2, udp_socket());
    ASSERT_EQ(connected.connect(dns_vip()), 0);
    EXPECT_EQ(connected.ask().greeting.server, "pod1");
    ClientSocket direct(lab(), pod2, udp_socket());
    ASSERT_EQ(direct.connect({at(pod1), kServerPort}), 0);
    write_dns({podr});
    EXPECT_EQ(connected.receive().error, ECONNABORTED);  // woken, and can connect again
    ASSERT_EQ(connected.connect(dns_vip()), 0);
    EXPECT_EQ(connected.ask().greeting.server, "podr");
    EXPECT_EQ(direct.ask().greeting.server, "pod1");
}

}  // namespace
}  // namespace sy::lab
