// Cluster objects from the API server.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/symbols.h"
#include "kube/client.h"
#include "source/kubernetes/watch_observer.h"
#include "source/source.h"

namespace boost::asio {
class io_context;
}

namespace sy {

struct KubernetesOptions {
    /// metadata.name of the own Node.
    std::string node_name;
    /// Of waits, so that nodes do not act together.
    uint64_t random_seed = 0;
};

/// How one watch stands.
struct WatchStatus {
    /// "services", "endpointslices", "nodes", "servicecidrs".
    std::string_view resource;
    /// Everything that exists was told once. Never becomes false again.
    bool listed = false;
    /// When the server last said something; nothing: never.
    std::optional<std::chrono::steady_clock::time_point> last_contact;
};

/// Lists and watches Services, EndpointSlices, ServiceCIDRs and the own Node for ever: whatever the
/// server does, what was told stays told until the server says otherwise. Idle, it wakes up when a
/// watch ends (every few minutes) or says something.
class KubernetesSource final : public Source {
  public:
    /// All references must outlive the source; everything runs on `io`.
    KubernetesSource(boost::asio::io_context& io, ApiClient& client, Symbols& symbols, Log& log,
                     WatchObserver& observer, const KubernetesOptions& options);
    ~KubernetesSource() override;

    Result<void> start(Sink sink) override;
    void stop() override;

    /// One entry per resource, always in the same order.
    std::vector<WatchStatus> status() const;

  private:
    class Feed;
    struct Shared;

    std::shared_ptr<Shared> shared_;
    std::vector<std::shared_ptr<Feed>> feeds_;
};

}  // namespace sy
