#include "backends/ebpf/entry.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

namespace sy::ebpf {
namespace {

uint32_t packed(uint16_t port, uint8_t protocol, uint8_t scope) {
    return (uint32_t{port} << 16) | (uint32_t{protocol} << 8) | scope;
}

IpAddr address_of_bytes(const void* bytes, std::size_t size) {
    return IpAddr::from_bytes({static_cast<const uint8_t*>(bytes), size}).value_or(IpAddr{});
}

template <class Key>
Key key_with(Protocol protocol, const Frontend& frontend) {
    Key key{};
    key.port = frontend.port.be16();
    key.protocol = static_cast<uint8_t>(protocol);
    key.scope = frontend.kind == FrontendKind::node_port ? SY_SCOPE_NODEPORT : SY_SCOPE_ADDRESS;
    return key;
}

template <class Key>
FrontendText text_of(const Key& key, const IpAddr& address) {
    return {{address, port_of(key.port)},
            static_cast<Protocol>(key.protocol),
            key.scope == SY_SCOPE_NODEPORT};
}

}  // namespace

uint32_t network_word(const IpAddr& address) {
    uint32_t word = 0;
    std::memcpy(&word, address.bytes().data(), sizeof word);
    return word;
}

IpAddr address4(uint32_t network_word) {
    return address_of_bytes(&network_word, sizeof network_word);
}

IpAddr address6(const uint32_t (&network_words)[4]) {
    return address_of_bytes(network_words, sizeof network_words);
}

Port port_of(uint16_t network_order) {
    return Port(Port(network_order).be16());
}

Entry Entry::frontend(const sy_frontend4& key, uint32_t id) {
    Entry entry;
    entry.words_ = {static_cast<uint32_t>(Kind::frontend4), key.address,
                    packed(key.port, key.protocol, key.scope), id};
    return entry;
}

Entry Entry::frontend(const sy_frontend6& key, uint32_t id) {
    Entry entry;
    entry.words_ = {static_cast<uint32_t>(Kind::frontend6),
                    key.address[0],
                    key.address[1],
                    key.address[2],
                    key.address[3],
                    packed(key.port, key.protocol, key.scope),
                    id};
    return entry;
}

sy_frontend4 Entry::key4() const {
    return {words_[1], static_cast<uint16_t>(words_[2] >> 16), static_cast<uint8_t>(words_[2] >> 8),
            static_cast<uint8_t>(words_[2])};
}

sy_frontend6 Entry::key6() const {
    return {{words_[1], words_[2], words_[3], words_[4]},
            static_cast<uint16_t>(words_[5] >> 16),
            static_cast<uint8_t>(words_[5] >> 8),
            static_cast<uint8_t>(words_[5])};
}

Entry Entry::service(uint32_t id, uint64_t word) {
    Entry entry;
    entry.words_ = {static_cast<uint32_t>(Kind::service), id, static_cast<uint32_t>(word),
                    static_cast<uint32_t>(word >> 32)};
    return entry;
}

Entry Entry::slot(uint32_t position, uint64_t word) {
    Entry entry = service(position, word);
    entry.words_[0] = static_cast<uint32_t>(Kind::slot);
    return entry;
}

Entry Entry::affinity(uint32_t id, uint64_t word) {
    Entry entry = service(id, word);
    entry.words_[0] = static_cast<uint32_t>(Kind::affinity);
    return entry;
}

Entry Entry::name(uint32_t id, const Label& label) {
    Entry entry;
    entry.words_ = {static_cast<uint32_t>(Kind::name),
                    id,
                    static_cast<uint32_t>(label.port),
                    static_cast<uint32_t>(label.family),
                    static_cast<uint32_t>(label.protocol),
                    static_cast<uint32_t>(label.list),
                    label.inside_only ? 1U : 0U};
    return entry;
}

Label Entry::label() const {
    return {static_cast<Symbol>(words_[2]), static_cast<Family>(words_[3]),
            static_cast<Protocol>(words_[4]), static_cast<ListId>(words_[5]), words_[6] != 0};
}

Entry Entry::endpoint(uint32_t index, const EndpointAddr& address) {
    const bool ipv4 = address.ip.family() == Family::ipv4;
    Entry entry;
    entry.words_[0] = static_cast<uint32_t>(ipv4 ? Kind::endpoint4 : Kind::endpoint6);
    entry.words_[1] = index;
    const auto bytes = address.ip.bytes();
    std::memcpy(&entry.words_[2], bytes.data(), bytes.size());
    entry.words_[6] = address.port.number();
    return entry;
}

EndpointAddr Entry::endpoint() const {
    const std::size_t size = kind() == Kind::endpoint4 ? 4 : 16;
    return {address_of_bytes(&words_[2], size), Port(static_cast<uint16_t>(words_[6]))};
}

sy_frontend4 frontend_key4(Protocol protocol, const Frontend& frontend) {
    auto key = key_with<sy_frontend4>(protocol, frontend);
    if (key.scope == SY_SCOPE_ADDRESS) {
        key.address = network_word(frontend.address);
    }
    return key;
}

sy_frontend6 frontend_key6(Protocol protocol, const Frontend& frontend) {
    auto key = key_with<sy_frontend6>(protocol, frontend);
    const auto bytes = frontend.address.bytes();
    if (key.scope == SY_SCOPE_ADDRESS && bytes.size() == sizeof key.address) {
        std::memcpy(key.address, bytes.data(), bytes.size());
    }
    return key;
}

FrontendText describe(const sy_frontend4& key) {
    return text_of(key, address4(key.address));
}

FrontendText describe(const sy_frontend6& key) {
    return text_of(key, address6(key.address));
}

}  // namespace sy::ebpf

std::size_t std::hash<sy::ebpf::Entry>::operator()(const sy::ebpf::Entry& entry) const noexcept {
    uint64_t mixed = 0x9e3779b97f4a7c15ULL;
    for (const auto word : entry.words_) {
        mixed = (mixed ^ word) * 0xff51afd7ed558ccdULL;
        mixed ^= mixed >> 32;
    }
    return mixed;
}
