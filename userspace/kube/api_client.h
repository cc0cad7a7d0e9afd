// The real ApiClient: HTTP/1.1 over TCP or TLS.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "kube/access.h"
#include "kube/client.h"
#include "kube/credentials.h"
#include "kube/resolve.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// "switchyard/0.1.0 (linux/amd64)".
std::string user_agent_of(std::string_view version);

struct ApiClientOptions {
    std::string user_agent = user_agent_of("unknown");
    /// For one address of the server, if it has several.
    std::chrono::milliseconds address_timeout = std::chrono::seconds(5);
    CredentialOptions credentials;
    /// Runs beside the strand.
    Resolve resolve = resolve_host;
    /// Hears of every request that was answered, or was not (status 0), retries included. `host` is
    /// "10.0.0.1:6443".
    std::function<void(std::string_view method, std::string_view host, unsigned status)> on_answer;
};

/// One connection per call; calls may outlive the client. Everything it needs at `io` must be gone
/// before that is: destroy calls and client first. An answer 401 makes it look for newer
/// credentials and, if there are, try once more before the handler hears of it.
std::unique_ptr<ApiClient> make_api_client(boost::asio::io_context& io, Log& log, ApiAccess access,
                                           ApiClientOptions options);

}  // namespace sy
