// The real program in mode ebpf, and clients that never stop.
#pragma once

#include <string>
#include <vector>

#include "tests/netns/daemon_fixture.h"
#include "tests/support/bpf_view.h"
#include "tests/support/client_socket.h"
#include "tests/support/traffic.h"

namespace sy::lab {

/// Ends with everything cleaned up, and a look that it is.
class EbpfDaemonTest : public DaemonTest {
  protected:
    using Words = std::vector<std::string>;

    void SetUp() override;
    void TearDown() override;

    /// The end of a log.
    static std::string tail(const std::string& log);
    /// Flags that name the lab's cgroup and folder of pins.
    Words places() const;
    void start_mode(const std::string& mode);
    void start_ebpf() { start_mode("ebpf"); }
    void clean_up();
    /// The daemon says that the first pass is in the kernel.
    bool synced() const;
    std::string attached() const { return attached_programs(*lab().cgroup()); }
    std::string pinned() const { return list_tree(lab().bpf_root()); }
    /// Sets of maps that are pinned.
    unsigned generations() const;

    ServiceSpec web_service() const;
    void write_web(std::vector<Place> places);
    void write_dns(std::vector<Place> places);
    /// "web", "dns" and "sticky" with endpoints at pod1 and podr.
    void write_all();
    EndpointAddr web_vip() const { return {vip(1), Port(80)}; }
    EndpointAddr dns_vip() const { return {vip(2), Port(53)}; }
    SocketKind tcp_socket() const { return {SocketKind::Type::tcp, family(), false}; }
    SocketKind udp_socket() const { return {SocketKind::Type::udp, family(), false}; }
    /// From a pod to a NodePort: only a translated socket is seen as itself.
    Flow by_socket() const { return tcp(Place::pod2, node_ip(), Port(30001)); }
    testing::AssertionResult at_work() const;

    /// Clients of every kind that never stop.
    struct Clients {
        explicit Clients(const EbpfDaemonTest& test);
        std::vector<Traffic*> all() { return {&pod, &process, &datagrams, &sticky, &outside}; }
        /// Each has ended `n` more connections.
        void wait_for(unsigned long n);

        Traffic pod;
        Traffic process;
        Traffic datagrams;
        Traffic sticky;
        Traffic outside;
    };
    /// Nobody was refused, silent or led astray. Ends them.
    static void expect_answered(const std::vector<Traffic*>& clients);
    /// Nor left to the packet path, nor forgotten.
    static void expect_unharmed(Clients& clients);
};

}  // namespace sy::lab
