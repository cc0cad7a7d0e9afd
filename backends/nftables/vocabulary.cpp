#include "backends/nftables/vocabulary.h"

#include <array>
#include <cstring>

#include "backends/nftables/word.h"

namespace sy::nft {
namespace {

std::array<uint8_t, 1> protocol_bytes(Protocol protocol) {
    return {static_cast<uint8_t>(protocol)};
}

std::array<uint8_t, 2> port_bytes(Port port) {
    return {static_cast<uint8_t>(port.number() >> 8), static_cast<uint8_t>(port.number())};
}

Port read_port(std::span<const uint8_t> bytes) {
    return Port(static_cast<uint16_t>((bytes[0] << 8) | bytes[1]));
}

uint32_t read_word(std::span<const uint8_t> bytes) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

std::size_t address_size(Family family) {
    return family == Family::ipv4 ? 4 : 16;
}

}  // namespace

Element frontend_element(const IpAddr& address, Protocol protocol, Port port, uint32_t word) {
    return Element(address.family(), SetId::frontends)
        .key_bytes(address.bytes())
        .key_bytes(protocol_bytes(protocol))
        .key_bytes(port_bytes(port))
        .data_word(word);
}

Element nodeport_element(Family family, Protocol protocol, Port port, uint32_t word) {
    return Element(family, SetId::nodeports)
        .key_bytes(protocol_bytes(protocol))
        .key_bytes(port_bytes(port))
        .data_word(word);
}

Element slot_element(uint32_t list, uint32_t slot, const EndpointAddr& endpoint) {
    return Element(endpoint.ip.family(), SetId::endpoints)
        .key_word(list)
        .key_word(slot)
        .data_bytes(endpoint.ip.bytes())
        .data_bytes(port_bytes(endpoint.port));
}

Element affinity_slot_element(Family family, uint32_t list, uint32_t slot, uint32_t index) {
    return Element(family, SetId::aff_slots).key_word(list).key_word(slot).data_word(list | index);
}

Element affinity_endpoint_element(uint32_t list, uint32_t index, const EndpointAddr& endpoint) {
    return Element(endpoint.ip.family(), SetId::aff_endpoints)
        .key_word(list | index)
        .data_bytes(endpoint.ip.bytes())
        .data_bytes(port_bytes(endpoint.port));
}

Element shortcut_element(Family family, uint32_t id_word, uint32_t word) {
    return Element(family, SetId::shortcut).key_word(id_word).data_word(word);
}

Element range_element(uint32_t id_word, const Cidr& range) {
    return Element(range.family(), SetId::ranges)
        .key_word(id_word)
        .key_bytes(range.first().bytes())
        .key_word(id_word)
        .key_bytes(range.last().bytes());
}

Element address_element(SetId set, const IpAddr& address) {
    return Element(address.family(), set).key_bytes(address.bytes());
}

Element hairpin_element(const IpAddr& address) {
    return Element(address.family(), SetId::hairpin)
        .key_bytes(address.bytes())
        .key_bytes(address.bytes());
}

Element network_element(SetId set, const Cidr& network) {
    return Element(network.family(), set)
        .key_bytes(network.first().bytes())
        .key_bytes(network.last().bytes());
}

uint32_t data_word(const Element& element) {
    return read_word(element.data());
}

uint32_t key_word(const Element& element, std::size_t i) {
    return read_word(element.key().subspan(4 * i));
}

EndpointAddr endpoint_of(const Element& element) {
    const auto size = address_size(element.family());
    return {*IpAddr::from_bytes(element.data().first(size)),
            read_port(element.data().subspan(size))};
}

FrontendKey frontend_key(const Element& element) {
    const auto size = address_size(element.family());
    const auto key = element.key();
    return {*IpAddr::from_bytes(key.first(size)), static_cast<Protocol>(key[size]),
            read_port(key.subspan(size + 4))};
}

FrontendKey nodeport_key(const Element& element) {
    const auto key = element.key();
    return {unspecified(element.family()), static_cast<Protocol>(key[0]),
            read_port(key.subspan(4))};
}

std::optional<uint32_t> owner_id(const Element& element) {
    switch (element.set()) {
        case SetId::frontends:
        case SetId::nodeports:
            return id_of(data_word(element));
        case SetId::endpoints:
        case SetId::aff_slots:
        case SetId::aff_endpoints:
        case SetId::shortcut:
        case SetId::ranges:
            return id_of(key_word(element, 0));
        default:
            return std::nullopt;
    }
}

}  // namespace sy::nft
