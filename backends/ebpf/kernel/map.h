// A BPF map by its descriptor: elements in bulk, pins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace sy::ebpf {

/// What the kernel says a map is.
struct MapFacts {
    uint32_t type = 0;
    uint32_t key_size = 0;
    uint32_t value_size = 0;
    uint32_t max_entries = 0;
    uint32_t flags = 0;

    friend bool operator==(const MapFacts&, const MapFacts&) = default;
};

/// Owner of one descriptor. The map lives as long as anything refers to it: a descriptor, a pin, a
/// mapping of its memory, a program that uses it, or another map it is an element of.
class Map {
  public:
    /// An empty handle; only to be assigned to.
    Map() = default;

    /// Asks the kernel what the descriptor is. A failure closes it.
    static Result<Map> take(Fd fd);
    /// The map that is pinned there; ENOENT if nothing is.
    static Result<Map> open(const std::string& pin);

    /// Another handle of the same map.
    Result<Map> share() const;
    Result<void> pin(const std::string& path) const;

    int fd() const { return fd_.get(); }
    uint32_t id() const { return id_; }
    const std::string& name() const { return name_; }
    const MapFacts& facts() const { return facts_; }
    explicit operator bool() const { return static_cast<bool>(fd_); }

    /// Bytes of a value on this side of a system call: of all CPUs, for maps per CPU.
    std::size_t value_bytes() const { return value_bytes_; }

    /// Inserts or replaces `count` elements that lie side by side. After a failure some of them may
    /// have been written. E2BIG: the map is full.
    Result<void> put(const void* keys, const void* values, std::size_t count) const;
    /// Keys that do not exist are no failure.
    Result<void> erase(const void* keys, std::size_t count) const;

    struct Elements {
        std::size_t count = 0;
        std::vector<uint8_t> keys;
        std::vector<uint8_t> values;
    };
    /// All elements of a map that nobody changes meanwhile.
    Result<Elements> dump() const;
    /// The values of the first `count` elements of an array.
    Result<std::vector<uint8_t>> values(uint32_t count) const;

  private:
    Result<void> put_singly(const uint8_t* keys, const uint8_t* values, std::size_t count) const;
    Result<Elements> dump_singly() const;
    std::unexpected<Error> failed(std::string what, int code) const;

    Fd fd_;
    uint32_t id_ = 0;
    std::string name_;
    MapFacts facts_;
    std::size_t value_bytes_ = 0;
};

/// Memory of an array map, shared with the programs. It keeps the map alive; unmapped at the end.
class Mapping {
  public:
    Mapping() = default;
    /// The whole of an array with BPF_F_MMAPABLE. Not writable: for readers without the right to.
    static Result<Mapping> of(const Map& map, bool writable = true);
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();

    void* data() const { return data_; }

  private:
    Mapping(void* data, std::size_t size) : data_(data), size_(size) {}

    void* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace sy::ebpf
