// The elements a Service consists of, by their meaning. Everyone who builds or reads an Element
// goes through here.
#pragma once

#include <cstdint>
#include <optional>

#include "backends/nftables/element.h"
#include "base/ip.h"
#include "base/net.h"

namespace sy::nft {

/// VIP frontend: address . protocol . port -> word.
Element frontend_element(const IpAddr& address, Protocol protocol, Port port, uint32_t word);
/// NodePort: protocol . port -> word.
Element nodeport_element(Family family, Protocol protocol, Port port, uint32_t word);
/// list . slot -> endpoint.
Element slot_element(uint32_t list, uint32_t slot, const EndpointAddr& endpoint);
/// list . slot -> list|index (affinity).
Element affinity_slot_element(Family family, uint32_t list, uint32_t slot, uint32_t index);
/// list|index -> endpoint (affinity).
Element affinity_endpoint_element(uint32_t list, uint32_t index, const EndpointAddr& endpoint);
/// id -> word of the Cluster list.
Element shortcut_element(Family family, uint32_t id_word, uint32_t word);
/// id . allowed sources.
Element range_element(uint32_t id_word, const Cidr& range);
/// An address of the sets cluster_ips, nodeport_ips or service_endpoints.
Element address_element(SetId set, const IpAddr& address);
/// Local endpoint address with itself.
Element hairpin_element(const IpAddr& address);
/// A network of the sets pod_cidrs or service_cidrs.
Element network_element(SetId set, const Cidr& network);

/// Data of an element whose data is one word (frontends, nodeports, aff_slots, shortcut).
uint32_t data_word(const Element& element);
/// The i-th 4-byte register of the key as a host-order word.
uint32_t key_word(const Element& element, std::size_t i);
/// Data of endpoints and aff_endpoints.
EndpointAddr endpoint_of(const Element& element);
/// Key of a frontends element.
struct FrontendKey {
    IpAddr address;
    Protocol protocol = Protocol::tcp;
    Port port;
};
FrontendKey frontend_key(const Element& element);
/// Key of a nodeports element; the address is unspecified.
FrontendKey nodeport_key(const Element& element);
/// The service-port id an element belongs to; nothing for elements that no port owns.
std::optional<uint32_t> owner_id(const Element& element);

}  // namespace sy::nft
