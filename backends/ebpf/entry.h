// What a Service is made of in the maps, as values.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "backends/fragment.h"
#include "base/net.h"
#include "base/symbols.h"
#include "bpf/abi.h"
#include "model/plan.h"

namespace sy::ebpf {

/// Which map an entry is in. The order is the one they are written in: whatever others refer to
/// comes first (docs/ebpf.md).
enum class Kind : uint8_t {
    endpoint4,
    endpoint6,
    slot,
    affinity,
    name,
    service,
    frontend4,
    frontend6,
};

/// What an id stands for: one endpoint list of one Service port in one family.
struct Label {
    /// Name of the port, of the pools' table of names.
    Symbol port = Symbol::none;
    Family family = Family::ipv4;
    Protocol protocol = Protocol::tcp;
    ListId list = ListId::cluster;
    /// The id has SY_SERVICE_INSIDE_ONLY.
    bool inside_only = false;

    friend bool operator==(const Label&, const Label&) = default;
};

/// One element of one map, a small comparable value. Ordered by kind, then by key.
class Entry {
  public:
    Entry() = default;
    static Entry frontend(const sy_frontend4& key, uint32_t id);
    static Entry frontend(const sy_frontend6& key, uint32_t id);
    static Entry service(uint32_t id, uint64_t word);
    static Entry slot(uint32_t position, uint64_t word);
    static Entry affinity(uint32_t id, uint64_t word);
    static Entry name(uint32_t id, const Label& label);
    static Entry endpoint(uint32_t index, const EndpointAddr& address);

    Kind kind() const { return static_cast<Kind>(words_[0]); }
    bool is_frontend() const { return kind() == Kind::frontend4 || kind() == Kind::frontend6; }
    /// The place in the array: id, position or endpoint index. Not of frontends.
    uint32_t index() const { return words_[1]; }
    /// Of services, slots and affinity.
    uint64_t word() const { return (uint64_t{words_[3]} << 32) | words_[2]; }
    /// Of names.
    Label label() const;
    /// Of endpoints.
    EndpointAddr endpoint() const;
    /// Of endpoints and frontends.
    Family family() const {
        return kind() == Kind::endpoint4 || kind() == Kind::frontend4 ? Family::ipv4 : Family::ipv6;
    }
    /// Of frontends: the service id they lead to, and their key.
    uint32_t id() const { return kind() == Kind::frontend4 ? words_[3] : words_[6]; }
    sy_frontend4 key4() const;
    sy_frontend6 key6() const;

    friend auto operator<=>(const Entry&, const Entry&) = default;

  private:
    friend struct std::hash<Entry>;

    /// Kind, key, value.
    std::array<uint32_t, 7> words_{};
};

using Fragment = sy::Fragment<Entry>;

/// The key of a plan's frontend in its family's hash. Protocols are TCP and UDP.
sy_frontend4 frontend_key4(Protocol protocol, const Frontend& frontend);
sy_frontend6 frontend_key6(Protocol protocol, const Frontend& frontend);
/// The other way round. Port and address of a NodePort key: any address.
struct FrontendText {
    EndpointAddr address;
    Protocol protocol = Protocol::tcp;
    bool node_port = false;

    friend auto operator<=>(const FrontendText&, const FrontendText&) = default;
};
FrontendText describe(const sy_frontend4& key);
FrontendText describe(const sy_frontend6& key);

/// Four bytes in network order as the word the programs compare.
uint32_t network_word(const IpAddr& address);
IpAddr address4(uint32_t network_word);
IpAddr address6(const uint32_t (&network_words)[4]);
/// Inverse of Port::be16.
Port port_of(uint16_t network_order);

}  // namespace sy::ebpf

template <>
struct std::hash<sy::ebpf::Entry> {
    std::size_t operator()(const sy::ebpf::Entry& entry) const noexcept;
};
