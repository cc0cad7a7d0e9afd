// Which index each endpoint of a family has.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "backends/ebpf/indexes.h"
#include "base/net.h"

namespace sy::ebpf {

/// One index per address and port, however many Services use it. An endpoint that comes back while
/// its index is in limbo gets it again.
class EndpointPool {
  public:
    explicit EndpointPool(uint32_t limit) : indexes_(limit), addresses_(1) {}

    /// Nothing: all indexes are taken.
    std::optional<uint32_t> intern(const EndpointAddr& address);
    /// What `index` stands for; it must not be free.
    const EndpointAddr& at(uint32_t index) const { return addresses_[index]; }

    struct Found {
        uint32_t index = 0;
        EndpointAddr address;
    };
    /// Those that are in use already, ascending by index; only for a new object. Of several with
    /// one address the first is given out again.
    void adopt(const std::vector<Found>& found, uint32_t array_size);

    void keep(uint32_t index) { indexes_.keep(index); }
    void retire(uint32_t index) { indexes_.retire(index); }
    void release(std::size_t mark);
    void drain();

    const Indexes& indexes() const { return indexes_; }

  private:
    struct Hash {
        std::size_t operator()(const EndpointAddr& address) const noexcept;
    };

    void forget(const std::vector<uint32_t>& freed);

    Indexes indexes_;
    /// By index; an entry whose index is free means nothing.
    std::vector<EndpointAddr> addresses_;
    boost::unordered_flat_map<EndpointAddr, uint32_t, Hash> by_address_;
};

}  // namespace sy::ebpf
