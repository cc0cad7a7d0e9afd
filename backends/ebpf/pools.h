// Everything that is handed out by number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "backends/ebpf/endpoint_pool.h"
#include "backends/ebpf/entry.h"
#include "backends/ebpf/indexes.h"
#include "backends/ebpf/runs.h"
#include "backends/ebpf/sizes.h"
#include "backends/ledger.h"
#include "backends/settings.h"
#include "base/result.h"
#include "base/symbols.h"

namespace sy::ebpf {

using Book = Ledger<Entry>;

/// Error::code of a pool that is exhausted: waiting for a grace period may help, or a higher limit.
inline constexpr int kPoolFull = 28;  // ENOSPC

/// The numbers of all maps, within the user's limits and whatever the maps' present size. What was
/// taken since the last settle is provisional.
class Pools {
  public:
    explicit Pools(const EbpfSettings& limits);

    /// Fail with kPoolFull and name the map, its fill and the flag that limits it.
    Result<uint32_t> take_id();
    Result<uint32_t> take_run(uint32_t count);
    Result<uint32_t> intern(const EndpointAddr& address);
    Symbol intern(std::string_view port_name) { return names_.intern(port_name); }

    const EndpointAddr& endpoint(Family family, uint32_t index) const {
        return endpoints(family).at(index);
    }
    uint32_t room(uint32_t base) const { return runs_.room(base); }
    std::string_view port_name(Symbol symbol) const { return names_.text(symbol); }

    /// Where the provisional ones of one Service begin.
    struct Mark {
        std::size_t ids = 0;
        std::size_t runs = 0;
        std::array<std::size_t, 2> endpoints{};
    };
    Mark mark() const;
    /// Takes back what was taken since.
    void release(const Mark& mark);

    /// `stage` is in the maps: what it adds is in use, what it removes goes into limbo, everything
    /// else that is provisional is free again.
    void settle(const Book::Stage& stage);
    /// A service (with the run its word names) or an endpoint is not published any more; nothing
    /// else has a number.
    void retire(const Entry& entry);
    /// A grace period is over that began after the last settle: what is in limbo is free. Returns
    /// the ids.
    std::vector<uint32_t> drain();
    std::size_t limbo() const;

    /// What applying something may take, at most.
    struct Demand {
        std::size_t ids = 0;
        uint64_t slots = 0;
        uint32_t longest = 1;
        std::array<std::size_t, 2> endpoints{};
    };
    /// True if `demand` can be met from maps of these sizes without waiting.
    bool covers(const Demand& demand, const Sizes& sizes) const;
    /// All but frontends and clients.
    Needs needs() const;

    const Indexes& ids() const { return ids_; }
    const Runs& runs() const { return runs_; }
    const EndpointPool& endpoints(Family family) const { return endpoints_[index_of(family)]; }

    /// What is in use already; only for new pools. Ids ascending. Runs ascending by base: false for
    /// one that cannot be.
    void adopt_ids(const std::vector<uint32_t>& ids, uint32_t array_size) {
        ids_.adopt(ids, array_size);
    }
    bool adopt_run(const Runs::Run& run) { return runs_.adopt(run); }
    void adopt_endpoints(Family family, const std::vector<EndpointPool::Found>& found,
                         uint32_t array_size) {
        endpoints_[index_of(family)].adopt(found, array_size);
    }

  private:
    static constexpr std::size_t index_of(Family family) { return family == Family::ipv4 ? 0 : 1; }

    EbpfSettings limits_;
    Indexes ids_;
    Runs runs_;
    std::array<EndpointPool, 2> endpoints_;
    /// Names of ports: few, however many Services there are.
    Symbols names_;
};

}  // namespace sy::ebpf
