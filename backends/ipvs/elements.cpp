#include "backends/ipvs/elements.h"

#include "backends/ipvs/word.h"

namespace sy::ipvs {

using nft::Element;
using nft::SetId;

Element frontend_element(const IpAddr& address, Protocol protocol, Port port, uint32_t word) {
    return nft::frontend_element(address, protocol, port, word).moved_to(SetId::mark_frontends);
}

Element nodeport_element(Family family, Protocol protocol, Port port, uint32_t word) {
    return nft::nodeport_element(family, protocol, port, word).moved_to(SetId::mark_nodeports);
}

Element range_element(uint32_t id, const Cidr& range) {
    return nft::range_element(id, range).moved_to(SetId::mark_ranges);
}

Element sticky_element(Family family, uint32_t list, uint32_t number) {
    return Element(family, SetId::sticky).key_word(list).data_word(number);
}

Element slot_element(Family family, uint32_t list, uint32_t slot, uint32_t server) {
    return Element(family, SetId::mark_slots).key_word(list).key_word(slot).data_word(server);
}

Element server_element(Family family, uint32_t server) {
    return Element(family, SetId::mark_servers).key_word(server).data_word(server);
}

bool is_frontend(const Element& element) {
    return element.set() == SetId::mark_frontends || element.set() == SetId::mark_nodeports;
}

Protocol protocol_of(const Element& element) {
    return element.set() == SetId::mark_frontends ? nft::frontend_key(element).protocol
                                                  : nft::nodeport_key(element).protocol;
}

std::optional<uint32_t> named_id(const Element& element) {
    switch (element.set()) {
        case SetId::mark_frontends:
        case SetId::mark_nodeports:
            return id_of(nft::data_word(element));
        case SetId::mark_ranges:
        case SetId::sticky:
        case SetId::mark_slots:
        case SetId::mark_servers:
            return id_of(nft::key_word(element, 0));
        default:
            return std::nullopt;
    }
}

}  // namespace sy::ipvs
