#include "backends/nftables/kernel/attribute.h"

#include <algorithm>
#include <cassert>

namespace sy::nft {
namespace {

constexpr std::size_t aligned(std::size_t size) {
    return (size + 3) & ~std::size_t{3};
}

template <class T>
std::optional<T> load(Bytes bytes) {
    if (bytes.size() != sizeof(T)) {
        return std::nullopt;
    }
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

}  // namespace

std::optional<uint32_t> Attribute::be32() const {
    const auto raw = load<uint32_t>(payload);
    return raw ? std::optional(nft::be32(*raw)) : std::nullopt;
}

std::optional<uint64_t> Attribute::be64() const {
    const auto raw = load<uint64_t>(payload);
    return raw ? std::optional(nft::be64(*raw)) : std::nullopt;
}

std::string_view Attribute::text() const {
    const auto end = std::ranges::find(payload, uint8_t{0});
    return {reinterpret_cast<const char*>(payload.data()),
            static_cast<std::size_t>(end - payload.begin())};
}

std::optional<Attribute> AttributeReader::next() {
    nlattr header{};
    if (rest_.size() < sizeof header) {
        return std::nullopt;
    }
    std::memcpy(&header, rest_.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > rest_.size()) {
        return std::nullopt;
    }
    const Attribute attribute{static_cast<uint16_t>(header.nla_type & NLA_TYPE_MASK),
                              rest_.subspan(sizeof header, header.nla_len - sizeof header)};
    rest_ = rest_.subspan(std::min(aligned(header.nla_len), rest_.size()));
    return attribute;
}

void AttributeWriter::raw(Bytes bytes) {
    const auto at = out_.size();
    out_.resize(at + bytes.size());
    if (!bytes.empty()) {
        std::memcpy(out_.data() + at, bytes.data(), bytes.size());
    }
}

void AttributeWriter::put(uint16_t type, Bytes payload) {
    const nlattr header{static_cast<uint16_t>(sizeof header + payload.size()), type};
    const auto at = out_.size();
    out_.resize(at + sizeof header + aligned(payload.size()));
    std::memcpy(out_.data() + at, &header, sizeof header);
    if (!payload.empty()) {
        std::memcpy(out_.data() + at + sizeof header, payload.data(), payload.size());
    }
}

void AttributeWriter::put_be32(uint16_t type, uint32_t value) {
    const uint32_t raw = be32(value);
    put(type, {reinterpret_cast<const uint8_t*>(&raw), sizeof raw});
}

void AttributeWriter::put_text(uint16_t type, std::string_view text) {
    const nlattr header{static_cast<uint16_t>(sizeof header + text.size() + 1), type};
    const auto at = out_.size();
    out_.resize(at + sizeof header + aligned(text.size() + 1));
    std::memcpy(out_.data() + at, &header, sizeof header);
    std::ranges::copy(text, out_.begin() + static_cast<std::ptrdiff_t>(at + sizeof header));
}

std::size_t AttributeWriter::open(uint16_t type) {
    const auto at = out_.size();
    const nlattr header{0, static_cast<uint16_t>(type | NLA_F_NESTED)};
    out_.resize(at + sizeof header);
    std::memcpy(out_.data() + at, &header, sizeof header);
    return at;
}

void AttributeWriter::close(std::size_t opened) {
    const auto size = out_.size() - opened;
    assert(size <= UINT16_MAX);
    const auto length = static_cast<uint16_t>(size);
    std::memcpy(out_.data() + opened, &length, sizeof length);
}

}  // namespace sy::nft
