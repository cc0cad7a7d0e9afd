// Where objects come from.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "model/event.h"

namespace sy {

/// A source of cluster objects. Lives on the strand: `sink` is called there, never from within
/// start(). Implementations get their io_context and files or servers at construction.
class Source {
  public:
    using Sink = std::function<void(std::vector<Event>)>;

    virtual ~Source() = default;

    /// Begins to watch. The first events, and one Listed per kind, follow through `sink`. Fails
    /// only for what will never work (a path that does not exist, no permission).
    virtual Result<void> start(Sink sink) = 0;
    /// No call of the sink follows.
    virtual void stop() = 0;
};

}  // namespace sy
