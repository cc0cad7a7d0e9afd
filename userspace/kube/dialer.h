// From a server's URL to a connection: look up, connect, shake hands, one address after the other.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/ip.h"
#include "base/result.h"
#include "kube/access.h"
#include "kube/channel.h"
#include "kube/resolve.h"
#include "kube/tls.h"
#include "os/fd.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// Addresses of the server that failed when last used; they are tried last.
using BadAddresses = std::set<IpAddr>;

struct DialOptions {
    ServerUrl server;
    /// Whom the certificate must be for; without TLS unused.
    std::string server_name;
    /// Must be there if the server's URL says TLS.
    TlsContext tls;
    Resolve resolve;
    /// Those that fail are added.
    std::shared_ptr<BadAddresses> bad_addresses;
    /// For one address; a TLS handshake may take longer if there is no other.
    std::chrono::milliseconds address_timeout{};
    /// For everything.
    std::chrono::steady_clock::time_point deadline;
};

/// Ready for a request.
struct Dialed {
    IpAddr address;
    /// "api.example.org:6443 (10.0.0.1)", for messages.
    std::string peer;
    /// Non-blocking; a dead peer is noticed within half a minute.
    Fd socket;
    /// On `socket`.
    std::unique_ptr<Channel> channel;
};

class Dialer {
  public:
    /// On the strand, never from within make(), at most once.
    using Done = std::function<void(Result<Dialed>)>;

    static std::unique_ptr<Dialer> make(boost::asio::io_context& io, DialOptions options,
                                        Done done);
    /// Gives up at once; no call follows. May be called from within `done`.
    virtual ~Dialer() = default;
};

}  // namespace sy
