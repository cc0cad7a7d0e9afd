// End to end with an API server: objects in it, the real program, real packets. The server lives in
// the namespace of blk, so that the way to it is a network like any other.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/netns/daemon_fixture.h"
#include "tests/support/api_server.h"
#include "tests/support/api_server_kubeconfig.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"
#include "tests/support/traffic.h"

namespace sy::lab {

class KubeTest : public DaemonTest {
  protected:
    /// A server with the Node and the ServiceCIDR of the lab, and TLS. It is started.
    KubeTest();
    void TearDown() override;

    /// TLS for the server's address, one good token, faults none.
    ApiServerOptions server_options() const;
    /// What start() writes: the authority and the token.
    Kubeconfig credentials() const;
    std::string write(const Kubeconfig& kubeconfig) const;

    /// Starts the daemon with a kubeconfig and lab_flags().
    void start(std::vector<std::string> more = {});
    void start_with(const Kubeconfig& kubeconfig, std::vector<std::string> more = {});
    /// The daemon says that the first pass is in the kernel.
    bool synced() const;
    bool logs(std::string_view words) const;
    /// All that the daemon should watch is watched.
    bool watching() const;

    /// A Service with two pods at vip(1), and a client of it.
    void put_web(std::vector<Place> places = {Place::pod1, Place::podr});
    Flow web_flow() const { return tcp(Place::ext, vip(1), Port(80)); }
    static std::set<std::string> masqueraded(const std::vector<Place>& places);

    /// Services that do not get in the way of the lab's.
    static BulkSpec bulk(uint32_t services);

    /// How often anybody changed the node's nftables.
    uint32_t generation() const;
    /// Nobody answers, nobody refuses: packets to and from the server vanish.
    void blackhole(bool wanted);

    const CertificateAuthority authority;
    TempFolder files;
    TestApiServer server;

  private:
    bool blackholed_ = false;
};

}  // namespace sy::lab
