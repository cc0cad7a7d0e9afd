// A little cluster in seven network namespaces, the stage of every packet test:
//
//     ext --- node --- pod1        ext    a client outside (the one source ranges allow)
//     blk ---/ |   \-- pod2        blk    a client outside (the one they do not)
//            node2                 node   routes, runs the dataplane under test, holds no VIP
//              |                   node2  another node; podr is a pod there
//            podr
//
// Nothing in the lab answers for a VIP: what is not translated by the node leaves it through a
// dead end and is never seen again (a client sees silence).
//
// Processes of the node under test, its pods' included, are in a cgroup of their own: sockets of
// node, pod1 and pod2 are made there, all others outside.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/net.h"
#include "base/result.h"
#include "tests/support/bpf_scope.h"
#include "tests/support/cgroup.h"
#include "tests/support/netns.h"
#include "tests/support/responder.h"

namespace sy::lab {

/// A namespace of the lab.
enum class Place : uint8_t { ext, blk, node, pod1, pod2, node2, podr };

inline constexpr std::array<Place, 7> kPlaces{Place::ext,  Place::blk,   Place::node, Place::pod1,
                                              Place::pod2, Place::node2, Place::podr};

/// "ext", "pod1", …
std::string_view to_string(Place place);

/// Ports on which the servers of pod1, pod2, podr and node answer, TCP and UDP. SCTP is answered
/// on every port.
inline constexpr Port kServerPort{8080};
inline constexpr Port kOtherServerPort{8081};

/// Names of the node's interfaces to its pods begin with this.
inline constexpr std::string_view kPodInterfacePrefix = "cali";

/// The node's interface in which what it cannot route ends.
inline constexpr std::string_view kDeadEnd = "void0";
/// The only interface of pods and outside clients.
inline constexpr std::string_view kOnlyInterface = "eth0";

/// The address plan. Every function is total and needs no lab.
IpAddr address(Place place, Family family);
/// A second address of the node, not the Node object's.
IpAddr second_node_address(Family family);
/// The node's address on its link to ext: local, but not one a Node object would name.
IpAddr node_link_address(Family family);
/// The n-th address (0..199) of a crowd of clients that all live in ext.
IpAddr crowd_address(Family family, unsigned n);
/// A ClusterIP, a load balancer VIP, an external IP: n in 1..250, routed to the node by everyone.
IpAddr cluster_ip(Family family, unsigned n);
IpAddr load_balancer_ip(Family family, unsigned n);
IpAddr external_ip(Family family, unsigned n);
/// The n-th address (below 2^19) of networks that are large enough for very many Services: routed
/// to the node by everyone, in no service network.
IpAddr bulk_ip(Family family, unsigned n);
Cidr pod_network(Family family);
Cidr service_network(Family family);
/// A network with the address of ext (and the crowd) in it, and not that of blk.
Cidr allowed_network(Family family);

/// The namespaces, links, addresses, routes and servers. Made once per test program.
class Lab {
  public:
    /// Needs root, `ip` and nothing else. Takes a few tenths of a second.
    static Result<std::unique_ptr<Lab>> create();
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    ~Lab();

    const NetNs& at(Place place) const { return places_[static_cast<std::size_t>(place)]; }
    /// Does something as a process of the place would: in its network namespace and, on the node
    /// under test, in its cgroup. Returns when it is done; any thread may ask.
    void in(Place place, const std::function<void()>& work) const;
    /// Full path of the cgroup of the node under test; or why there is none, and everything is in
    /// the cgroup of the test program.
    const Result<std::string>& cgroup() const { return cgroup_; }
    /// A folder for pins in a bpf file system of our own. Only with a cgroup().
    std::string bpf_root() const { return (scope_->folder() / "switchyard").string(); }
    /// Any address of the node, VIPs excluded.
    bool is_node_address(const IpAddr& ip) const;

  private:
    explicit Lab(std::vector<NetNs> places) : places_(std::move(places)) {}
    Result<std::string> make_cgroup();
    Result<void> wire();
    Result<void> tune();

    std::vector<NetNs> places_;
    std::optional<BpfScope> scope_;
    Result<std::string> cgroup_;
    std::unique_ptr<CgroupThread> inside_;
    std::unique_ptr<Responder> responder_;
    std::vector<Resident> residents_;
};

}  // namespace sy::lab
