// Packets made by hand, for what sockets cannot send.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/net.h"

namespace sy::lab {

/// CRC32c (Castagnoli), the checksum of SCTP.
uint32_t crc32c(std::span<const uint8_t> bytes);

/// The part of an SCTP packet the tests look at.
struct SctpPacket {
    enum class Chunk : uint8_t { init = 1, init_ack = 2 };
    Port source;
    Port destination;
    Chunk chunk = Chunk::init;
    /// Verification tag: 0 in an INIT, the initiate tag of the INIT in its answer.
    uint32_t tag = 0;
    uint32_t initiate_tag = 0;
    /// State cookie (INIT ACK only).
    std::string_view cookie;
};

/// Common header, one chunk, and the right checksum.
std::vector<uint8_t> write_sctp(const SctpPacket& packet);
/// Reads a packet whose only chunk is an INIT or INIT ACK. The cookie points into `bytes`.
std::optional<SctpPacket> read_sctp(std::span<const uint8_t> bytes);
/// Skips the IP header that IPv4 raw sockets (unlike IPv6 ones) deliver.
std::span<const uint8_t> ip_payload(std::span<const uint8_t> bytes, Family family);

/// A TCP segment with a 20-byte header and no payload, checksummed for its addresses.
struct TcpSegment {
    EndpointAddr source;
    EndpointAddr destination;
    uint32_t sequence = 0;
    uint32_t acknowledged = 0;
    bool ack = true;
    bool rst = false;
};
std::vector<uint8_t> write_tcp(const TcpSegment& segment);

}  // namespace sy::lab
