// A server that does what a test says, on loopback, with or without TLS. Blocking calls on threads
// of its own: simple where the client under test is not.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "os/fd.h"
#include "tests/support/certificates.h"

struct ssl_ctx_st;
struct ssl_st;

namespace sy {

struct ServerTls {
    lab::KeyPair identity;
    /// PEM of the authority of client certificates, which are then required.
    std::string client_authority{};
    /// TLS1_1_VERSION and the like; 0: no limit.
    int max_version = 0;
};

/// One connection, as the script sees it.
class Peer {
  public:
    Peer(int fd, ssl_st* ssl) : fd_(fd), ssl_(ssl) {}

    /// A whole request; "" if the client went away.
    std::string request();
    /// False if the client went away.
    bool write(std::string_view bytes);
    /// What write() would send through TLS, without sending it. Only write_raw() after that.
    std::string encrypted(std::string_view bytes);
    bool write_raw(std::string_view bytes);
    /// Until the client closes.
    void wait_for_end();
    /// The client's certificate, as "CN=…"; "" if there is none.
    std::string client_name() const;

  private:
    long read(char* buffer, std::size_t size);

    int fd_;
    ssl_st* ssl_;
};

class ScriptServer {
  public:
    using Script = std::function<void(Peer&)>;

    /// `script` runs once per connection (after the TLS handshake), on a thread of its own; the
    /// connection is closed when it returns.
    explicit ScriptServer(Script script, const std::optional<ServerTls>& tls = std::nullopt,
                          const std::string& ip = "127.0.0.1", uint16_t port = 0);
    ScriptServer(const ScriptServer&) = delete;
    ScriptServer& operator=(const ScriptServer&) = delete;
    /// Ends all connections.
    ~ScriptServer();

    uint16_t port() const { return port_; }
    unsigned connections() const { return connections_; }

  private:
    struct Connection {
        Fd fd;
        std::thread thread;
    };

    void accept_all();
    void serve(int fd) const;

    Script script_;
    std::shared_ptr<ssl_ctx_st> tls_;
    Fd listener_;
    uint16_t port_ = 0;
    std::atomic<unsigned> connections_ = 0;
    std::mutex mutex_;
    bool ending_ = false;
    std::list<Connection> open_;
    std::thread acceptor_;
};

/// A whole answer with Content-Length.
std::string answer(int status, std::string_view body, std::string_view extra_fields = "");

}  // namespace sy
