// Who we are, at this moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "kube/access.h"
#include "kube/tls.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// What one request needs.
struct Grant {
    /// Null: without TLS.
    TlsContext tls;
    /// Value of the header; empty: none.
    std::string authorization;
    /// Another number: other credentials.
    uint64_t generation = 0;
};

struct CredentialOptions {
    /// How often files are looked at, at most.
    std::chrono::milliseconds look_interval = std::chrono::seconds(1);
    /// For one run of an exec plugin.
    std::chrono::milliseconds plugin_timeout = std::chrono::seconds(60);
};

/// Reads files again when they change, runs exec plugins when they are needed. No timer, no thread
/// but while a plugin runs. Lives on the strand.
class Credentials {
  public:
    using Granted = std::function<void(Result<Grant>)>;
    using Renewed = std::function<void(bool changed)>;

    static std::unique_ptr<Credentials> make(boost::asio::io_context& io, Log& log,
                                             ApiAccess access, CredentialOptions options = {});
    virtual ~Credentials() = default;

    /// Calls back on the strand: at once, or when the plugin has ended. Callers that may vanish
    /// must see to it themselves. Nobody is called after the Credentials have gone.
    virtual void get(Granted granted) = 0;
    /// The server has refused (401) the grant of `generation`: looks for something newer and says
    /// whether there is.
    virtual void refused(uint64_t generation, Renewed renewed) = 0;
};

}  // namespace sy
