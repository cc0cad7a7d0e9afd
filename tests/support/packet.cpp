#include "tests/support/packet.h"

#include <array>

namespace sy::lab {
namespace {

constexpr uint16_t kStateCookie = 7;
constexpr std::size_t kCommonHeader = 12;
constexpr std::size_t kInitChunk = 20;

void put16(std::vector<uint8_t>& out, uint32_t value) {
    out.push_back(static_cast<uint8_t>(value >> 8));
    out.push_back(static_cast<uint8_t>(value));
}

void put32(std::vector<uint8_t>& out, uint32_t value) {
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}

uint16_t get16(std::span<const uint8_t> bytes, std::size_t at) {
    return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

uint32_t get32(std::span<const uint8_t> bytes, std::size_t at) {
    return static_cast<uint32_t>(get16(bytes, at)) << 16 | get16(bytes, at + 2);
}

uint32_t sum16(std::span<const uint8_t> bytes, uint32_t sum) {
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        sum += get16(bytes, i);
    }
    return sum;
}

}  // namespace

uint32_t crc32c(std::span<const uint8_t> bytes) {
    uint32_t crc = 0xffffffff;
    for (uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
        }
    }
    return ~crc;
}

std::vector<uint8_t> write_sctp(const SctpPacket& packet) {
    std::vector<uint8_t> out;
    put16(out, packet.source.number());
    put16(out, packet.destination.number());
    put32(out, packet.tag);
    put32(out, 0);  // checksum, below
    const bool has_cookie = packet.chunk == SctpPacket::Chunk::init_ack;
    const std::size_t length = kInitChunk + (has_cookie ? 4 + packet.cookie.size() : 0);
    out.push_back(static_cast<uint8_t>(packet.chunk));
    out.push_back(0);
    put16(out, static_cast<uint32_t>(length));
    put32(out, packet.initiate_tag);
    put32(out, 65536);  // receiver window
    put16(out, 1);      // outbound streams
    put16(out, 1);      // inbound streams
    put32(out, 1);      // first sequence number
    if (has_cookie) {
        put16(out, kStateCookie);
        put16(out, static_cast<uint32_t>(4 + packet.cookie.size()));
        out.insert(out.end(), packet.cookie.begin(), packet.cookie.end());
        while (out.size() % 4 != 0) {
            out.push_back(0);
        }
    }
    // The one number of SCTP that travels in little endian.
    const uint32_t crc = crc32c(out);
    for (unsigned i = 0; i < 4; ++i) {
        out[8 + i] = static_cast<uint8_t>(crc >> (8 * i));
    }
    return out;
}

std::optional<SctpPacket> read_sctp(std::span<const uint8_t> bytes) {
    if (bytes.size() < kCommonHeader + kInitChunk) {
        return std::nullopt;
    }
    SctpPacket packet;
    packet.source = Port(get16(bytes, 0));
    packet.destination = Port(get16(bytes, 2));
    packet.tag = get32(bytes, 4);
    const uint8_t type = bytes[kCommonHeader];
    if (type != 1 && type != 2) {
        return std::nullopt;
    }
    packet.chunk = static_cast<SctpPacket::Chunk>(type);
    packet.initiate_tag = get32(bytes, kCommonHeader + 4);
    const std::size_t parameter = kCommonHeader + kInitChunk;
    if (bytes.size() >= parameter + 4 && get16(bytes, parameter) == kStateCookie) {
        const std::size_t length = get16(bytes, parameter + 2);
        if (length >= 4 && parameter + length <= bytes.size()) {
            packet.cookie = {reinterpret_cast<const char*>(bytes.data()) + parameter + 4,
                             length - 4};
        }
    }
    return packet;
}

std::span<const uint8_t> ip_payload(std::span<const uint8_t> bytes, Family family) {
    if (family == Family::ipv6 || bytes.empty()) {
        return bytes;
    }
    const std::size_t header = static_cast<std::size_t>(bytes[0] & 0xf) * 4;
    return header <= bytes.size() ? bytes.subspan(header) : std::span<const uint8_t>{};
}

std::vector<uint8_t> write_tcp(const TcpSegment& segment) {
    std::vector<uint8_t> out;
    put16(out, segment.source.port.number());
    put16(out, segment.destination.port.number());
    put32(out, segment.sequence);
    put32(out, segment.acknowledged);
    out.push_back(5 << 4);  // header of five words
    out.push_back(static_cast<uint8_t>((segment.ack ? 0x10 : 0) | (segment.rst ? 0x04 : 0)));
    put16(out, 65535);  // window
    put32(out, 0);      // checksum and urgent pointer
    uint32_t sum = static_cast<uint32_t>(Protocol::tcp) + static_cast<uint32_t>(out.size());
    sum = sum16(segment.source.ip.bytes(), sum);
    sum = sum16(segment.destination.ip.bytes(), sum);
    sum = sum16(out, sum);
    sum = (sum >> 16) + (sum & 0xffff);
    sum += sum >> 16;
    const uint32_t folded = ~sum & 0xffff;
    out[16] = static_cast<uint8_t>(folded >> 8);
    out[17] = static_cast<uint8_t>(folded);
    return out;
}

}  // namespace sy::lab
