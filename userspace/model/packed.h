// Cluster objects at rest: a few dozen bytes each, because a daemon on every node holds all of
// them. Equal objects have equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "model/objects.h"

namespace sy {

/// An immutable string of bytes in one pointer's room.
class Packed {
  public:
    /// Nothing, which differs from every packed object.
    Packed() = default;
    explicit Packed(std::span<const uint8_t> bytes);

    bool empty() const { return data_ == nullptr; }
    std::span<const uint8_t> bytes() const;

    friend bool operator==(const Packed& a, const Packed& b);

  private:
    std::unique_ptr<uint8_t[]> data_;  // 4 bytes length, then the bytes
};

/// All of `service` but its name.
Packed pack(const Service& service);
/// Inverse of pack; `packed` must come from there.
Service unpack_service(const Packed& packed, const ServiceName& name);

/// All of `slice` but its namespace, its Service's name and its trigger time.
Packed pack(const EndpointSlice& slice);
/// Inverse of pack; `packed` must come from there.
EndpointSlice unpack_slice(const Packed& packed, const ServiceName& service);
/// The slice's own name, without unpacking the rest. Valid as long as `packed`.
std::string_view name_of_slice(const Packed& packed);
/// And its family.
std::optional<Family> family_of_slice(const Packed& packed);

}  // namespace sy
