#include "bench/cluster.h"

#include <array>
#include <string>

namespace sy::bench {
namespace {

IpAddr address(uint32_t host_order) {
    return IpAddr::v4(static_cast<uint8_t>(host_order >> 24),
                      static_cast<uint8_t>(host_order >> 16), static_cast<uint8_t>(host_order >> 8),
                      static_cast<uint8_t>(host_order));
}

std::string service_name(uint32_t i) {
    return "service-" + std::to_string(i);
}

constexpr uint32_t kServiceBase = (10U << 24) | (96U << 16);
constexpr uint32_t kEndpointBase = (10U << 24) | (128U << 16);
/// Endpoints a generation can move to lie above all others.
constexpr uint32_t kSpareBase = (11U << 24);

}  // namespace

Service make_service(uint32_t i) {
    Service service;
    service.name = {"bench", service_name(i)};
    service.cluster_ip = address(kServiceBase + i + 1);
    service.ports = {{"http", Protocol::tcp, Port(80), Port{}}};
    return service;
}

EndpointSlice make_slice(Symbols& symbols, uint32_t i, uint32_t endpoints, uint32_t generation) {
    EndpointSlice slice;
    slice.ns = "bench";
    slice.service = service_name(i);
    slice.name = slice.service + "-x7k2p";
    slice.family = Family::ipv4;
    slice.ports = {{"http", Protocol::tcp, Port(8080)}};
    for (uint32_t e = 0; e < endpoints; ++e) {
        const uint32_t number = i * endpoints + e;
        Endpoint endpoint;
        endpoint.address = address(kEndpointBase + number);
        if (generation != 0 && e + 1 == endpoints) {
            endpoint.address = address(kSpareBase + number + generation);
        }
        endpoint.node = number % 10 == 0 ? symbols.intern(kNodeName)
                                         : symbols.intern("node-" + std::to_string(number % 1000));
        slice.endpoints.push_back(endpoint);
    }
    return slice;
}

std::vector<Event> make_events(Symbols& symbols, uint32_t first, uint32_t last,
                               uint32_t endpoints) {
    std::vector<Event> events;
    events.reserve(2 * (last - first));
    for (uint32_t i = first; i < last; ++i) {
        events.push_back(Upserted{make_service(i)});
        events.push_back(Upserted{make_slice(symbols, i, endpoints)});
    }
    return events;
}

std::vector<Event> lists_complete() {
    return {Listed{Kind::service}, Listed{Kind::endpoint_slice}, Listed{Kind::node},
            Listed{Kind::service_cidr}};
}

}  // namespace sy::bench
