#include "tests/support/lab.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace sy::lab {
namespace {

struct Row {
    Place place;
    std::string_view name;
    std::string_view ipv4;
    std::string_view ipv6;
};

constexpr std::array<Row, 7> kRows{{
    {Place::ext, "ext", "203.0.113.2", "fd00:203::2"},
    {Place::blk, "blk", "192.0.2.2", "fd00:192::2"},
    {Place::node, "node", "192.168.50.1", "fd00:50::1"},
    {Place::pod1, "pod1", "10.244.1.11", "fd00:244:1::11"},
    {Place::pod2, "pod2", "10.244.1.12", "fd00:244:1::12"},
    {Place::node2, "node2", "172.18.0.2", "fd00:18::2"},
    {Place::podr, "podr", "10.244.2.21", "fd00:244:2::21"},
}};

// Links of the node. Both ends of a pod's link are host routes, as CNIs make them; the far end of
// the other links is in the near end's network.
struct Link {
    Place place;
    std::string_view interface;
    std::string_view near4;
    std::string_view near6;
    bool point_to_point;
};

constexpr std::array<Link, 5> kLinks{{
    {Place::pod1, "cali1", "10.244.1.1", "fd00:244:1::1", true},
    {Place::pod2, "cali2", "10.244.1.2", "fd00:244:1::2", true},
    {Place::ext, "up-ext", "203.0.113.1", "fd00:203::1", false},
    {Place::blk, "up-blk", "192.0.2.1", "fd00:192::1", false},
    {Place::node2, "up-node2", "172.18.0.1", "fd00:18::1", false},
}};

constexpr std::string_view kRemotePodGateway4 = "10.244.2.1";
constexpr std::string_view kRemotePodGateway6 = "fd00:244:2::1";

IpAddr literal(std::string_view text) {
    return IpAddr::parse(text).value();
}
Cidr network(std::string_view text) {
    return Cidr::parse(text).value();
}

IpAddr numbered(Family family, std::string_view prefix4, std::string_view prefix6, unsigned n) {
    return family == Family::ipv4 ? literal(std::string(prefix4) + std::to_string(n))
                                  : literal(std::string(prefix6) + std::to_string(n));
}

bool is_on_node(Place place) {
    return place == Place::node || place == Place::pod1 || place == Place::pod2;
}

const Row& row(Place place) {
    return kRows[static_cast<std::size_t>(place)];
}

std::string veth(const Link& link, const NetNs& peer) {
    const std::string name(link.interface);
    std::string lines =
        "link add " + name + " type veth peer name eth0 netns " + peer.path() + "\n";
    const std::string width4 = link.point_to_point ? "/32" : "/24";
    const std::string width6 = link.point_to_point ? "/128" : "/64";
    lines += "addr add " + std::string(link.near4) + width4 + " dev " + name + "\n";
    lines += "addr add " + std::string(link.near6) + width6 + " dev " + name + " nodad\n";
    lines += "link set " + name + " up\n";
    return lines;
}

std::string route_to_pod(std::string_view interface, Place pod) {
    const std::string dev = " dev " + std::string(interface) + "\n";
    return "route add " + std::string(row(pod).ipv4) + "/32" + dev + "route add " +
           std::string(row(pod).ipv6) + "/128" + dev;
}

std::string node_plan(const std::vector<NetNs>& places) {
    // What the node cannot route otherwise goes into a cable without resolved neighbours: frames
    // carry a foreign address and are swallowed at the far end without a word. (A dummy interface
    // would do; not every kernel has them.)
    std::string plan =
        "link set lo up\n"
        "link add up0 arp off type veth peer name void0\nlink set void0 up\n"
        "addr add 192.168.50.1/32 dev up0\naddr add fd00:50::1/128 dev up0 nodad\n"
        "addr add 192.168.51.1/32 dev up0\naddr add fd00:51::1/128 dev up0 nodad\n"
        "link set up0 up\n";
    for (const Link& link : kLinks) {
        plan += veth(link, places[static_cast<std::size_t>(link.place)]);
        if (link.point_to_point) {
            plan += route_to_pod(link.interface, link.place);
        }
    }
    plan +=
        "route add default dev up0 src 192.168.50.1\nroute add ::/0 dev up0 src fd00:50::1\n"
        "route add 203.0.114.0/24 via 203.0.113.2\nroute add fd00:203:1::/64 via fd00:203::2\n"
        "route add 10.244.2.0/24 via 172.18.0.2\nroute add fd00:244:2::/64 via fd00:18::2\n";
    return plan;
}

/// The far end of a link: its address and a default route to the near end.
std::string leaf_plan(Place place, std::string_view near4, std::string_view near6, bool host) {
    const std::string gateway4(near4);
    const std::string gateway6(near6);
    std::string plan = "link set lo up\nlink set eth0 up\n";
    plan += "addr add " + std::string(row(place).ipv4) + (host ? "/32" : "/24") + " dev eth0\n";
    plan +=
        "addr add " + std::string(row(place).ipv6) + (host ? "/128" : "/64") + " dev eth0 nodad\n";
    if (host) {
        plan += "route add " + gateway4 + " dev eth0\nroute add " + gateway6 + " dev eth0\n";
    }
    plan += "route add default via " + gateway4 + " dev eth0\nroute add ::/0 via " + gateway6 +
            " dev eth0\n";
    return plan;
}

Result<void> run_plan(const NetNs& ns, const std::string& plan) {
    Result<std::string> done = must_run_in(ns, {"ip", "-batch", "-"}, plan);
    if (!done) {
        return std::unexpected(done.error());
    }
    return {};
}

}  // namespace

std::string_view to_string(Place place) {
    return row(place).name;
}

IpAddr address(Place place, Family family) {
    return literal(family == Family::ipv4 ? row(place).ipv4 : row(place).ipv6);
}

IpAddr second_node_address(Family family) {
    return literal(family == Family::ipv4 ? "192.168.51.1" : "fd00:51::1");
}

IpAddr node_link_address(Family family) {
    return literal(family == Family::ipv4 ? "203.0.113.1" : "fd00:203::1");
}

IpAddr crowd_address(Family family, unsigned n) {
    return numbered(family, "203.0.114.", "fd00:203:1::", n + 1);
}

IpAddr cluster_ip(Family family, unsigned n) {
    return numbered(family, "10.96.0.", "fd00:96::", n);
}

IpAddr load_balancer_ip(Family family, unsigned n) {
    return numbered(family, "198.51.100.", "fd00:198::", n);
}

IpAddr external_ip(Family family, unsigned n) {
    return numbered(family, "198.18.0.", "fd00:199::", n);
}

IpAddr bulk_ip(Family family, unsigned n) {
    const auto high = static_cast<uint8_t>(n >> 16);
    const auto middle = static_cast<uint8_t>(n >> 8);
    const auto low = static_cast<uint8_t>(n);
    if (family == Family::ipv4) {
        return IpAddr::v4(100, static_cast<uint8_t>(64 + high), middle, low);
    }
    const std::array<uint8_t, 16> bytes{0xfd, 1, 0, 0, 0, 0,    0,      0,
                                        0,    0, 0, 0, 0, high, middle, low};
    return IpAddr::from_bytes(bytes).value();
}

Cidr pod_network(Family family) {
    return network(family == Family::ipv4 ? "10.244.0.0/16" : "fd00:244::/32");
}

Cidr service_network(Family family) {
    return network(family == Family::ipv4 ? "10.96.0.0/16" : "fd00:96::/112");
}

Cidr allowed_network(Family family) {
    return network(family == Family::ipv4 ? "203.0.112.0/21" : "fd00:203::/32");
}

// The whole program moves into a cgroup, so that one for threads can be made below it. There the
// node is, and beside it, as far as attached programs can see, everybody else.
Result<std::string> Lab::make_cgroup() {
    Result<BpfScope> scope = BpfScope::create();
    if (!scope) {
        return std::unexpected(scope.error());
    }
    scope_.emplace(std::move(*scope));
    Result<std::string> path = make_thread_cgroup(scope_->cgroup().string(), "node");
    if (!path) {
        return path;
    }
    if (Result<void> joined = scope_->join(); !joined) {
        return std::unexpected(joined.error());
    }
    inside_ = std::make_unique<CgroupThread>(*path);
    return path;
}

Lab::~Lab() {
    responder_.reset();
    inside_.reset();
    if (scope_) {
        (void)scope_->leave();
    }
}

void Lab::in(Place place, const std::function<void()>& work) const {
    const auto enter_and_work = [&] {
        Entered inside(at(place));
        work();
    };
    if (inside_ && is_on_node(place)) {
        inside_->run(enter_and_work);
    } else {
        enter_and_work();
    }
}

Result<std::unique_ptr<Lab>> Lab::create() {
    std::vector<NetNs> places;
    for (std::size_t i = 0; i < kPlaces.size(); ++i) {
        Result<NetNs> ns = NetNs::create();
        if (!ns) {
            return std::unexpected(ns.error());
        }
        places.push_back(std::move(*ns));
    }
    std::unique_ptr<Lab> lab(new Lab(std::move(places)));
    lab->cgroup_ = lab->make_cgroup();
    if (Result<void> tuned = lab->tune(); !tuned) {
        return std::unexpected(tuned.error());
    }
    if (Result<void> wired = lab->wire(); !wired) {
        return std::unexpected(wired.error());
    }
    Result<std::unique_ptr<Responder>> responder = Responder::start([&] {
        std::vector<Responder::Server> servers;
        for (Place place : {Place::pod1, Place::pod2, Place::podr, Place::node}) {
            for (Family family : kFamilies) {
                servers.push_back({std::string(to_string(place)),
                                   [&lab, place](const auto& work) { lab->in(place, work); },
                                   address(place, family),
                                   {kServerPort, kOtherServerPort}});
            }
        }
        return servers;
    }());
    if (!responder) {
        return std::unexpected(responder.error());
    }
    lab->responder_ = std::move(*responder);
    for (Place place : {Place::pod1, Place::pod2}) {
        Result<Resident> resident = Resident::start(lab->at(place));
        if (!resident) {
            return std::unexpected(resident.error());
        }
        lab->residents_.push_back(std::move(*resident));
    }
    return lab;
}

Result<void> Lab::tune() {
    struct Setting {
        std::string_view path;
        std::string_view value;
        bool routers_only = false;
    };
    // Before any interface exists, so that all of them inherit it. Duplicate address detection
    // would keep addresses unusable for a second. ICMP rate limits would make the node swallow
    // refusals after the first few.
    constexpr std::array<Setting, 12> kSettings{{
        {"net/ipv6/conf/all/accept_dad", "0"},
        {"net/ipv6/conf/default/accept_dad", "0"},
        {"net/ipv6/conf/all/disable_ipv6", "0"},
        {"net/ipv6/conf/default/router_solicitations", "0"},
        {"net/ipv4/conf/all/rp_filter", "0"},
        {"net/ipv4/conf/default/rp_filter", "0"},
        {"net/ipv4/icmp_ratelimit", "0"},
        {"net/ipv4/icmp_msgs_per_sec", "1000000"},
        {"net/ipv4/icmp_msgs_burst", "1000000"},
        {"net/ipv6/icmp/ratelimit", "0"},
        {"net/ipv4/ip_forward", "1", true},
        {"net/ipv6/conf/all/forwarding", "1", true},
    }};
    for (Place place : kPlaces) {
        const bool router = place == Place::node || place == Place::node2;
        for (const Setting& setting : kSettings) {
            if (setting.routers_only && !router) {
                continue;
            }
            Result<void> set = set_sysctl(at(place), setting.path, setting.value);
            // Older kernels have the global ICMP limit outside of namespaces: not ours to touch.
            if (!set && setting.path.find("icmp_msgs") == std::string_view::npos) {
                return set;
            }
        }
    }
    return {};
}

Result<void> Lab::wire() {
    if (Result<void> done = run_plan(at(Place::node), node_plan(places_)); !done) {
        return done;
    }
    std::array<std::string, kPlaces.size()> plans;
    for (const Link& link : kLinks) {
        plans[static_cast<std::size_t>(link.place)] =
            leaf_plan(link.place, link.near4, link.near6, link.point_to_point);
    }
    plans[static_cast<std::size_t>(Place::ext)] +=
        "route add local 203.0.114.0/24 dev lo\nroute add local fd00:203:1::/64 dev lo\n";
    plans[static_cast<std::size_t>(Place::node2)] +=
        veth({Place::podr, "calir", kRemotePodGateway4, kRemotePodGateway6, true},
             at(Place::podr)) +
        route_to_pod("calir", Place::podr);
    plans[static_cast<std::size_t>(Place::podr)] =
        leaf_plan(Place::podr, kRemotePodGateway4, kRemotePodGateway6, true);
    for (Place place :
         {Place::node2, Place::ext, Place::blk, Place::pod1, Place::pod2, Place::podr}) {
        if (Result<void> done = run_plan(at(place), plans[static_cast<std::size_t>(place)]);
            !done) {
            return done;
        }
    }
    return {};
}

bool Lab::is_node_address(const IpAddr& ip) const {
    const Family family = ip.family();
    if (ip == address(Place::node, family) || ip == second_node_address(family)) {
        return true;
    }
    return std::ranges::any_of(kLinks, [&](const Link& link) {
        return ip == literal(family == Family::ipv4 ? link.near4 : link.near6);
    });
}

}  // namespace sy::lab
