// A small honest kernel behind the eBPF seam: hashes with limits, arrays that sets of maps share,
// links, and a reader that does what the programs do. It can be told to fail.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/ebpf/kernel.h"
#include "backends/ebpf/known_frontends.h"
#include "base/net.h"

namespace sy::ebpf {

/// A hash of the kernel. Its lock is held for one lookup or one write.
template <class Key>
struct FakeHash {
    std::mutex mutex;
    KnownFrontends<Key> words;

    std::optional<uint64_t> find(const Key& key) {
        const std::lock_guard lock(mutex);
        const auto found = words.find(key);
        return found == words.end() ? std::nullopt : std::optional(found->second);
    }
};

/// One set of maps. What sets share is shared here as well.
struct FakeMaps {
    Sizes sizes;
    std::shared_ptr<FakeHash<sy_frontend4>> frontends4;
    std::shared_ptr<FakeHash<sy_frontend6>> frontends6;
    std::shared_ptr<std::vector<uint64_t>> services;
    std::shared_ptr<std::vector<uint64_t>> slots;
    std::shared_ptr<std::vector<uint64_t>> endpoints4;
    std::shared_ptr<std::vector<sy_endpoint6>> endpoints6;
    std::shared_ptr<std::vector<uint64_t>> affinity;
    std::shared_ptr<std::vector<sy_name>> names;
    std::shared_ptr<std::vector<uint64_t>> connections;  // a counter per id
    std::shared_ptr<sy_settings> settings;
    std::shared_ptr<std::set<IpAddr>> node_addresses;

    Arrays arrays();
};

/// What outlives a daemon, and what a test may know and do.
struct FakeBpf {
    std::vector<std::shared_ptr<FakeMaps>> pinned;
    /// What the links' programs read; null: there are no links.
    std::shared_ptr<FakeMaps> active;
    bool other_layout = false;

    struct Calls {
        int create = 0;
        int activate = 0;
        int grace = 0;
        int put = 0;
        int erase = 0;
        int reset = 0;
        int node_addresses = 0;

        friend bool operator==(const Calls&, const Calls&) = default;
    };
    Calls calls;
    /// Asked before each call with its name ("put", "erase", "create", "activate", "reset", "find",
    /// "node_addresses"); a put that fails has done half of its work.
    std::function<std::optional<Error>(std::string_view call)> fail;
    /// After each element that was put or erased, and after each grace period.
    std::function<void()> on_change;
    std::function<void()> on_grace;
};

class FakeKernel : public Kernel {
  public:
    /// `state` outlives the kernel and its sets.
    explicit FakeKernel(FakeBpf& state) : state_(state) {}

    Result<void> probe() override { return {}; }
    Result<FoundSet> find() override;
    Result<std::unique_ptr<MapSet>> create(const Sizes& sizes, MapSet* like) override;
    Result<void> activate(MapSet& maps) override;
    Result<bool> is_active(const MapSet& maps) override;
    void grace() override;
    Result<bool> remove_all() override;

  private:
    FakeBpf& state_;
};

/// A connection attempt, as far as the programs look at it.
struct Attempt {
    IpAddr address;
    Port port;
    Protocol protocol = Protocol::tcp;
    /// The socket belongs to the node's namespace.
    bool host = true;
    uint32_t random = 0;
};
struct Answer {
    enum class Kind { miss, refused, translated } kind = Kind::miss;
    EndpointAddr endpoint;
    uint32_t id = 0;

    friend bool operator==(const Answer&, const Answer&) = default;
};
/// What the programs do with `maps`, affinity aside (see bpf/lib).
Answer pick(FakeMaps& maps, const Attempt& attempt);
/// pick() on whatever is active.
Answer pick(FakeBpf& state, const Attempt& attempt);
/// Every endpoint pick() may give.
std::set<EndpointAddr> answers(FakeBpf& state, Attempt attempt);

}  // namespace sy::ebpf
