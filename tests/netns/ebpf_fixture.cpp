#include "tests/netns/ebpf_fixture.h"

#include <sstream>

namespace sy::lab {

std::vector<Variant> ebpf_variants() {
    std::vector<Variant> all;
    for (const Variant& variant : variants()) {
        if (variant.backend->name == "ebpf") {
            all.push_back(variant);
        }
    }
    return all;
}

std::vector<SocketKind> EbpfTest::kinds(Type type) const {
    std::vector<SocketKind> all{kind(type)};
    if (family() == Family::ipv4) {
        all.push_back({type, family(), true});
    }
    return all;
}

IpAddr EbpfTest::loopback() const {
    return family() == Family::ipv4 ? IpAddr::v4(127, 0, 0, 1) : IpAddr::parse("::1").value();
}

ServiceSpec EbpfTest::web() const {
    return service("shop/web")
        .ip(vip(1))
        .port(80, Protocol::tcp, "http")
        .node_port(kNodePort.number())
        .port(53, Protocol::udp, "dns")
        .node_port(kNodePort.number())
        .load_balancer(lb(1))
        .external_ip(ext_ip(1));
}

void EbpfTest::put_web(const ServiceSpec& spec, std::vector<Place> places) {
    cluster.put(spec);
    SliceSpec endpoints = slice("shop/web", family())
                              .port(kServerPort.number(), Protocol::tcp, "http")
                              .port(kServerPort.number(), Protocol::udp, "dns");
    for (const Place place : places) {
        on(endpoints, family(), place);
    }
    cluster.put(endpoints);
    cluster.must_sync();
}

ClientSocket::Received EbpfTest::ask(Place from, const SocketKind& kind,
                                     const EndpointAddr& to) const {
    ClientSocket client(lab(), from, kind);
    if (const int error = client.connect_and_wait(to); error != 0) {
        return {error, {}, {}};
    }
    return kind.type == Type::tcp ? client.receive() : client.ask();
}

std::set<std::string> EbpfTest::servers(Place from, const SocketKind& kind, const EndpointAddr& to,
                                        unsigned tries) const {
    std::set<std::string> seen;
    for (unsigned i = 0; i < tries; ++i) {
        const ClientSocket::Received answer = ask(from, kind, to);
        seen.insert(answer.error == 0 ? answer.greeting.server
                                      : "error " + std::to_string(answer.error));
    }
    return seen;
}

std::string EbpfTest::tracked_destination(Type type, const EndpointAddr& own) const {
    const Result<std::string> listed = must_run_in(
        lab().at(Place::node), {"conntrack", "-L", "-f", family() == Family::ipv4 ? "ipv4" : "ipv6",
                                "-p", type == Type::tcp ? "tcp" : "udp", "-s", own.ip.to_string(),
                                "--sport", std::to_string(own.port.number())});
    if (!listed) {
        return listed.error().message();
    }
    std::istringstream words(*listed);
    for (std::string word; words >> word;) {
        if (word.starts_with("dst=")) {
            return word.substr(4);
        }
    }
    return "not tracked";
}

testing::AssertionResult EbpfTest::goes(Place from, Type type, const EndpointAddr& to,
                                        bool by_packets) const {
    ClientSocket client(lab(), from, kind(type));
    const int error = client.connect_and_wait(to);
    const ClientSocket::Received answer =
        error != 0 ? ClientSocket::Received{error, {}, {}}
                   : (type == Type::tcp ? client.receive() : client.ask());
    if (answer.error != 0) {
        return testing::AssertionFailure() << "no answer: errno " << answer.error;
    }
    if (client.peer() != to) {
        return testing::AssertionFailure() << "the peer is " << client.peer().ip.to_string();
    }
    const std::string destination = tracked_destination(type, client.own());
    if ((destination == to.ip.to_string()) != by_packets) {
        return testing::AssertionFailure() << "the packets went to " << destination;
    }
    return testing::AssertionSuccess();
}

testing::AssertionResult EbpfTest::by_packets(Place from, Type type, const EndpointAddr& to) const {
    return goes(from, type, to, true);
}

testing::AssertionResult EbpfTest::by_socket(Place from, Type type, const EndpointAddr& to) const {
    return goes(from, type, to, false);
}

}  // namespace sy::lab
