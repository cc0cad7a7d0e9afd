#include "backends/iptables/names.h"

#include <openssl/sha.h>

#include <algorithm>
#include <span>

#include "backends/iptables/base32.h"

namespace sy::iptables {
namespace {

constexpr std::string_view kClusterList = "SY-S-";
constexpr std::string_view kLocalList = "SY-SL-";
constexpr std::size_t kShortHashBytes = 10;

using Digest = std::array<uint8_t, SHA256_DIGEST_LENGTH>;

Digest sha256(std::string_view text) {
    Digest digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return digest;
}

}  // namespace

std::string short_hash(std::string_view text) {
    const auto digest = sha256(text);
    return base32(std::span(digest).first(kShortHashBytes));
}

uint64_t fingerprint(std::string_view text) {
    const auto digest = sha256(text);
    uint64_t number = 0;
    for (const auto byte : std::span(digest).first(sizeof number)) {
        number = (number << 8) | byte;
    }
    return number;
}

PortId port_id(const ServiceName& service, std::string_view port, Protocol protocol) {
    std::string text = service.to_string();
    text += ':';
    text += port;
    text += '/';
    text += to_string(protocol);
    PortId id;
    std::ranges::copy(short_hash(text), id.text.begin());
    return id;
}

std::string list_chain_name(ListId list, const PortId& port) {
    std::string name(list == ListId::cluster ? kClusterList : kLocalList);
    name += port.view();
    return name;
}

bool is_list_chain(std::string_view name) {
    return name.starts_with(kClusterList) || name.starts_with(kLocalList);
}

uint64_t affinity_key(const PortId& port, const EndpointAddr& endpoint, uint32_t timeout) {
    std::string text(port.view());
    text += ' ';
    text += endpoint.ip.to_string();
    text += ' ';
    text += std::to_string(endpoint.port.number());
    text += ' ';
    text += std::to_string(timeout);
    return fingerprint(text);
}

}  // namespace sy::iptables
