// Where the daemon's objects come from: manifests or the API server, as the options say.
#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/symbols.h"
#include "config/options.h"
#include "kube/client.h"
#include "source/kubernetes/watch_observer.h"
#include "source/source.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// What a feed needs; all of it must outlive it.
struct FeedParts {
    boost::asio::io_context& io;
    Log& log;
    Symbols& symbols;
    WatchObserver& watches;
    /// Hears of every answer of the API server (status 0: there was none).
    std::function<void(std::string_view method, std::string_view host, unsigned status)> on_answer;
};

class Feed {
  public:
    virtual ~Feed() = default;

    /// Fails for what will never work: no kubeconfig, a manifest path that does not exist.
    static Result<std::unique_ptr<Feed>> open(FeedParts parts, const Options& options);

    virtual Source& source() = 0;
    /// Reads what is read without being told to: manifests. The API server tells by itself.
    virtual void look_again() = 0;
    /// For other requests than the source's; null: there is no API server.
    virtual ApiClient* api() = 0;
};

}  // namespace sy
