// Netlink messages and attributes as bytes: a bounds-checked reader and an appending writer.
#pragma once

#include <linux/netlink.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sy::nft {

using Bytes = std::span<const uint8_t>;

static_assert(std::endian::native == std::endian::little ||
              std::endian::native == std::endian::big);
constexpr uint32_t be32(uint32_t value) {
    return std::endian::native == std::endian::big ? value : std::byteswap(value);
}
constexpr uint64_t be64(uint64_t value) {
    return std::endian::native == std::endian::big ? value : std::byteswap(value);
}

/// A netlink attribute inside a received message.
struct Attribute {
    uint16_t type = 0;  // without flags
    Bytes payload;

    /// A number in network order (nftables' convention); nothing if the size is wrong.
    std::optional<uint32_t> be32() const;
    std::optional<uint64_t> be64() const;
    /// Up to the first zero byte.
    std::string_view text() const;
};

/// Takes attributes off the front of `bytes` until they end or are malformed.
class AttributeReader {
  public:
    explicit AttributeReader(Bytes bytes) : rest_(bytes) {}
    std::optional<Attribute> next();

  private:
    Bytes rest_;
};

/// Calls `f(attribute)` for each attribute in `bytes`; what is malformed ends the walk.
template <class F>
void for_each_attribute(Bytes bytes, F&& f) {
    AttributeReader reader(bytes);
    while (const auto attribute = reader.next()) {
        f(*attribute);
    }
}

/// Appends to a buffer. Nests are closed by the offset their opening returned.
class AttributeWriter {
  public:
    explicit AttributeWriter(std::vector<uint8_t>& out) : out_(out) {}

    std::size_t size() const { return out_.size(); }
    void raw(Bytes bytes);
    void put(uint16_t type, Bytes payload);
    void put_be32(uint16_t type, uint32_t value);
    /// Space for bytes that the caller fills; valid until the next call.
    uint8_t* extend(std::size_t bytes) {
        out_.resize(out_.size() + bytes);
        return out_.data() + out_.size() - bytes;
    }
    /// Gives back what of the space at `start` lies beyond its first `used` bytes.
    void shrink(std::size_t used, const uint8_t* start) {
        out_.resize(static_cast<std::size_t>(start - out_.data()) + used);
    }
    /// With the terminating zero.
    void put_text(uint16_t type, std::string_view text);
    std::size_t open(uint16_t type);
    /// The nest must not exceed 64 KiB.
    void close(std::size_t opened);

  private:
    std::vector<uint8_t>& out_;
};

}  // namespace sy::nft
