// The eBPF backend in the lab, asked by single sockets.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/support/backend_fixture.h"
#include "tests/support/client_socket.h"

namespace sy::lab {

class EbpfTest : public PacketTest {
  protected:
    using Type = SocketKind::Type;

    /// Every kind of socket that reaches this family: the family's own and, for IPv4, those of IPv6
    /// that speak IPv4.
    std::vector<SocketKind> kinds(Type type) const;
    SocketKind kind(Type type) const { return {type, family(), false}; }
    /// Loopback addresses of the family.
    IpAddr loopback() const;

    /// shop/web: 80/TCP and 53/UDP on vip(1), on a NodePort (30001, both protocols), on lb(1) and
    /// ext_ip(1); endpoints at `places`.
    ServiceSpec web() const;
    void put_web(std::vector<Place> places) { put_web(web(), std::move(places)); }
    void put_web(const ServiceSpec& spec, std::vector<Place> places);
    static constexpr Port kNodePort{30001};
    /// The port of `type` on the VIPs of web().
    static Port port_of(Type type) { return Port(type == Type::tcp ? 80 : 53); }
    EndpointAddr web_vip(Type type) const { return {vip(1), port_of(type)}; }
    EndpointAddr web_node_port() const { return {node_ip(), kNodePort}; }

    /// One connection, or one datagram of a connected UDP socket: who answered.
    ClientSocket::Received ask(Place from, const SocketKind& kind, const EndpointAddr& to) const;
    /// Servers that answer `tries` connected sockets, each a new one.
    std::set<std::string> servers(Place from, const SocketKind& kind, const EndpointAddr& to,
                                  unsigned tries = 24) const;
    /// Where the packets of the client's flow were sent to at first, as the node tracked them.
    std::string tracked_destination(Type type, const EndpointAddr& own) const;
    /// Such a client reaches `to` with its packets translated, or with the socket itself.
    testing::AssertionResult by_packets(Place from, Type type, const EndpointAddr& to) const;
    testing::AssertionResult by_socket(Place from, Type type, const EndpointAddr& to) const;

  private:
    testing::AssertionResult goes(Place from, Type type, const EndpointAddr& to,
                                  bool by_packets) const;
};

/// The eBPF backend in both families.
std::vector<Variant> ebpf_variants();

#define SY_EBPF(fixture)                                                                   \
    INSTANTIATE_TEST_SUITE_P(Ebpf, fixture, testing::ValuesIn(::sy::lab::ebpf_variants()), \
                             ::sy::lab::variant_name)

}  // namespace sy::lab
