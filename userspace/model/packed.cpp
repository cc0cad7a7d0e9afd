#include "model/packed.h"

#include <algorithm>
#include <cstring>

namespace sy {
namespace {

class Writer {
  public:
    void number(uint64_t value) {
        while (value >= 0x80) {
            bytes_.push_back(static_cast<uint8_t>(value | 0x80));
            value >>= 7;
        }
        bytes_.push_back(static_cast<uint8_t>(value));
    }
    template <class Enum>
    void symbol(Enum value) {
        number(static_cast<uint64_t>(value));
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_.insert(bytes_.end(), value.begin(), value.end());
    }
    void address(const IpAddr& ip) {
        const auto source = ip.bytes();
        symbol(ip.family());
        bytes_.insert(bytes_.end(), source.begin(), source.end());
    }
    template <class T, class Write>
    void list(const std::vector<T>& items, Write write) {
        number(items.size());
        for (const auto& item : items) {
            write(item);
        }
    }
    Packed finish() const { return Packed(bytes_); }

  private:
    std::vector<uint8_t> bytes_;
};

/// Reads what Writer wrote, in the same order.
class Reader {
  public:
    explicit Reader(const Packed& packed) : rest_(packed.bytes()) {}

    uint64_t number() {
        uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            const uint64_t byte = rest_.front();
            rest_ = rest_.subspan(1);
            value |= (byte & 0x7f) << shift;
            if (byte < 0x80) {
                return value;
            }
        }
    }
    template <class Enum>
    Enum symbol() {
        return static_cast<Enum>(number());
    }
    std::string_view text() {
        const auto bytes = take(number());
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    IpAddr address() {
        const auto family = symbol<Family>();
        return IpAddr::from_bytes(take(family == Family::ipv4 ? 4 : 16)).value_or(IpAddr{});
    }
    template <class T, class Read>
    std::vector<T> list(Read read) {
        std::vector<T> items;
        const auto count = number();
        items.reserve(count);
        for (uint64_t i = 0; i < count; ++i) {
            items.push_back(read());
        }
        return items;
    }

  private:
    std::span<const uint8_t> take(std::size_t count) {
        const auto bytes = rest_.first(count);
        rest_ = rest_.subspan(count);
        return bytes;
    }

    std::span<const uint8_t> rest_;
};

uint64_t bits(std::initializer_list<bool> flags) {
    uint64_t value = 0;
    for (const bool flag : flags) {
        value = value << 1 | (flag ? 1U : 0U);
    }
    return value;
}

Port read_port(Reader& reader) {
    return Port(static_cast<uint16_t>(reader.number()));
}

std::vector<IpAddr> read_addresses(Reader& reader) {
    return reader.list<IpAddr>([&] { return reader.address(); });
}

Cidr read_cidr(Reader& reader) {
    const auto first = reader.address();
    return Cidr::make(first, static_cast<unsigned>(reader.number())).value_or(Cidr{});
}

std::pair<Family, IpAddr> read_family_ip(Reader& reader) {
    const auto family = reader.symbol<Family>();
    return {family, reader.address()};
}

ServicePort read_service_port(Reader& reader) {
    ServicePort port;
    port.name = reader.text();
    port.protocol = reader.symbol<Protocol>();
    port.port = read_port(reader);
    port.node_port = read_port(reader);
    return port;
}

SlicePort read_slice_port(Reader& reader) {
    SlicePort port;
    port.name = reader.text();
    port.protocol = reader.symbol<Protocol>();
    port.port = read_port(reader);
    return port;
}

Endpoint read_endpoint(Reader& reader) {
    Endpoint endpoint;
    endpoint.address = reader.address();
    const auto flags = reader.number();
    endpoint.ready = (flags & 4) != 0;
    endpoint.serving = (flags & 2) != 0;
    endpoint.terminating = (flags & 1) != 0;
    endpoint.node = reader.symbol<Symbol>();
    endpoint.zone_hints = reader.symbol<SymbolList>();
    endpoint.node_hints = reader.symbol<SymbolList>();
    return endpoint;
}

}  // namespace

Packed::Packed(std::span<const uint8_t> bytes) {
    const auto size = static_cast<uint32_t>(bytes.size());
    data_ = std::make_unique_for_overwrite<uint8_t[]>(sizeof size + size);
    std::memcpy(data_.get(), &size, sizeof size);
    std::ranges::copy(bytes, data_.get() + sizeof size);
}

std::span<const uint8_t> Packed::bytes() const {
    if (empty()) {
        return {};
    }
    uint32_t size = 0;
    std::memcpy(&size, data_.get(), sizeof size);
    return {data_.get() + sizeof size, size};
}

bool operator==(const Packed& a, const Packed& b) {
    return a.empty() == b.empty() && std::ranges::equal(a.bytes(), b.bytes());
}

Packed pack(const Service& service) {
    Writer out;
    out.symbol(service.type);
    out.number(bits({service.other_proxy, service.headless,
                     service.internal_policy == TrafficPolicy::local,
                     service.external_policy == TrafficPolicy::local, service.source_ranges_set,
                     service.cluster_ip.has_value(), service.affinity_timeout.has_value()}));
    if (service.cluster_ip) {
        out.address(*service.cluster_ip);
    }
    if (service.affinity_timeout) {
        out.number(*service.affinity_timeout);
    }
    out.number(service.health_check_node_port.number());
    out.list(service.family_ips, [&](const std::pair<Family, IpAddr>& entry) {
        out.symbol(entry.first);
        out.address(entry.second);
    });
    const auto write_address = [&](const IpAddr& ip) { out.address(ip); };
    out.list(service.external_ips, write_address);
    out.list(service.load_balancer_ips, write_address);
    out.list(service.source_ranges, [&](const Cidr& range) {
        out.address(range.first());
        out.number(range.prefix());
    });
    out.list(service.ports, [&](const ServicePort& port) {
        out.text(port.name);
        out.symbol(port.protocol);
        out.number(port.port.number());
        out.number(port.node_port.number());
    });
    return out.finish();
}

Service unpack_service(const Packed& packed, const ServiceName& name) {
    Reader in(packed);
    Service service;
    service.name = name;
    service.type = in.symbol<ServiceType>();
    const auto flags = in.number();
    const auto policy = [&](uint64_t bit) {
        return (flags & bit) != 0 ? TrafficPolicy::local : TrafficPolicy::cluster;
    };
    service.other_proxy = (flags & 64) != 0;
    service.headless = (flags & 32) != 0;
    service.internal_policy = policy(16);
    service.external_policy = policy(8);
    service.source_ranges_set = (flags & 4) != 0;
    if ((flags & 2) != 0) {
        service.cluster_ip = in.address();
    }
    if ((flags & 1) != 0) {
        service.affinity_timeout = static_cast<uint32_t>(in.number());
    }
    service.health_check_node_port = read_port(in);
    service.family_ips = in.list<std::pair<Family, IpAddr>>([&] { return read_family_ip(in); });
    service.external_ips = read_addresses(in);
    service.load_balancer_ips = read_addresses(in);
    service.source_ranges = in.list<Cidr>([&] { return read_cidr(in); });
    service.ports = in.list<ServicePort>([&] { return read_service_port(in); });
    return service;
}

Packed pack(const EndpointSlice& slice) {
    Writer out;
    out.text(slice.name);
    out.number(slice.family ? static_cast<uint64_t>(*slice.family) : 0);
    out.number(bits({slice.headless}));
    out.list(slice.ports, [&](const SlicePort& port) {
        out.text(port.name);
        out.symbol(port.protocol);
        out.number(port.port.number());
    });
    out.list(slice.endpoints, [&](const Endpoint& endpoint) {
        out.address(endpoint.address);
        out.number(bits({endpoint.ready, endpoint.serving, endpoint.terminating}));
        out.symbol(endpoint.node);
        out.symbol(endpoint.zone_hints);
        out.symbol(endpoint.node_hints);
    });
    return out.finish();
}

EndpointSlice unpack_slice(const Packed& packed, const ServiceName& service) {
    Reader in(packed);
    EndpointSlice slice;
    slice.ns = service.ns;
    slice.service = service.name;
    slice.name = in.text();
    if (const auto family = in.number(); family != 0) {
        slice.family = static_cast<Family>(family);
    }
    slice.headless = in.number() != 0;
    slice.ports = in.list<SlicePort>([&] { return read_slice_port(in); });
    slice.endpoints = in.list<Endpoint>([&] { return read_endpoint(in); });
    return slice;
}

std::string_view name_of_slice(const Packed& packed) {
    return Reader(packed).text();
}

std::optional<Family> family_of_slice(const Packed& packed) {
    Reader in(packed);
    in.text();
    const auto family = in.number();
    return family == 0 ? std::nullopt : std::optional(static_cast<Family>(family));
}

}  // namespace sy
