// The elements of the companion table by their meaning.
#pragma once

#include <cstdint>
#include <optional>

#include "backends/nftables/vocabulary.h"

namespace sy::ipvs {

/// VIP frontend: address . protocol . port -> word.
nft::Element frontend_element(const IpAddr& address, Protocol protocol, Port port, uint32_t word);
/// NodePort: protocol . port -> word.
nft::Element nodeport_element(Family family, Protocol protocol, Port port, uint32_t word);
/// id . allowed sources.
nft::Element range_element(uint32_t id, const Cidr& range);
/// Affinity: mark of a list -> class.
nft::Element sticky_element(Family family, uint32_t list, uint32_t number);
/// Affinity: mark of a list . slot -> mark of the server of an endpoint.
nft::Element slot_element(Family family, uint32_t list, uint32_t slot, uint32_t server);
/// Affinity: the endpoint whose server has this mark exists.
nft::Element server_element(Family family, uint32_t server);

/// Whether the element is a frontend or a NodePort.
bool is_frontend(const nft::Element& element);
/// The protocol of a frontend or NodePort.
Protocol protocol_of(const nft::Element& element);
/// The id that an element of a service port names: of its list, of server_element its own. Nothing
/// for elements that no service port owns.
std::optional<uint32_t> named_id(const nft::Element& element);

}  // namespace sy::ipvs
