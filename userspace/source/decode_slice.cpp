#include <utility>

#include "source/decode_kinds.h"
#include "source/timestamp.h"

namespace sy {
namespace {

constexpr uint32_t kMaxPort = 65535;

std::optional<Family> read_address_type(const Field& field) {
    const auto text = field.text();
    if (text == "IPv4") {
        return Family::ipv4;
    }
    if (text == "IPv6") {
        return Family::ipv6;
    }
    if (text.empty()) {
        field.fail("is missing: IPv4, IPv6 or FQDN");
    } else if (text != "FQDN") {
        field.fail(in_quotes(text) + " is not an address type: IPv4, IPv6 or FQDN");
    }
    return std::nullopt;
}

// A port without a number means "all ports", which kube-proxy does not implement either.
std::vector<SlicePort> read_ports(const Field& field) {
    std::vector<SlicePort> ports;
    field.each([&](const Field& entry) {
        SlicePort port;
        port.name = entry.member("name").text();
        port.protocol = decode_protocol(entry.member("protocol"));
        const auto number = entry.member("port").integer(0, kMaxPort, "a port").value_or(0);
        if (number != 0) {
            port.port = Port(static_cast<uint16_t>(number));
            ports.push_back(std::move(port));
        }
    });
    return ports;
}

SymbolList read_hints(const Field& field, Symbols& symbols) {
    std::vector<Symbol> names;
    field.each([&](const Field& entry) {
        const auto name = entry.member("name").text();
        if (!name.empty()) {
            names.push_back(symbols.intern(name));
        }
    });
    return symbols.intern(names);
}

// addresses[0], the only one that counts; nothing, with a warning, if it cannot be used.
std::optional<IpAddr> read_address(const Field& field, Family family) {
    std::optional<IpAddr> address;
    bool first = true;
    field.each([&](const Field& entry) {
        if (!std::exchange(first, false)) {
            return;
        }
        address = IpAddr::parse(entry.text());
        if (!address) {
            entry.warn(in_quotes(entry.text()) + " is not an IP address and is skipped");
        } else if (address->family() != family) {
            entry.warn(address->to_string() + " is not an " + std::string(to_string(family)) +
                       " address, as addressType says it is, and is skipped");
            address.reset();
        } else if (!is_ordinary(*address)) {
            entry.warn(address->to_string() + " cannot be an endpoint and is skipped");
            address.reset();
        }
    });
    return address;
}

void read_endpoint(const Field& entry, EndpointSlice& slice, Symbols& symbols) {
    const auto address = read_address(entry.member("addresses"), *slice.family);
    const auto conditions = entry.member("conditions");
    const auto hints = entry.member("hints");
    Endpoint endpoint;
    endpoint.ready = conditions.member("ready").boolean().value_or(true);
    endpoint.serving = conditions.member("serving").boolean().value_or(true);
    endpoint.terminating = conditions.member("terminating").boolean().value_or(false);
    const auto node = entry.member("nodeName").text();
    if (!address) {
        return;
    }
    endpoint.address = *address;
    endpoint.node = symbols.intern(node);
    if (hints.present()) {
        endpoint.zone_hints = read_hints(hints.member("forZones"), symbols);
        endpoint.node_hints = read_hints(hints.member("forNodes"), symbols);
    }
    slice.endpoints.push_back(endpoint);
}

}  // namespace

EndpointSlice decode_endpoint_slice(const Field& root, const Identity& id, Symbols& symbols) {
    const auto metadata = root.member("metadata");
    const auto labels = metadata.member("labels");
    const auto annotations = metadata.member("annotations");
    EndpointSlice slice;
    slice.ns = id.ns;
    slice.name = id.name;
    slice.service = labels.member("kubernetes.io/service-name").text();
    slice.headless = labels.member("service.kubernetes.io/headless").present();
    // One that cannot be read costs a measurement, nothing else.
    slice.trigger_time = parse_timestamp(
        annotations.member("endpoints.kubernetes.io/last-change-trigger-time").text());
    slice.family = read_address_type(root.member("addressType"));
    slice.ports = read_ports(root.member("ports"));
    if (slice.family) {
        root.member("endpoints").each([&](const Field& entry) {
            read_endpoint(entry, slice, symbols);
        });
    }
    return slice;
}

}  // namespace sy
