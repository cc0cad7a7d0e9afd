// The servers of the lab: one thread that answers in many namespaces.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "base/net.h"
#include "base/result.h"
#include "os/fd.h"
#include "tests/support/netns.h"

namespace sy::lab {

/// What a server says of a connection: who answers, on which port, and whom it sees.
struct Greeting {
    std::string server;
    Port server_port;
    EndpointAddr client;

    /// "pod1 8080 10.0.0.1 4711\n"
    std::string to_string() const;
    static std::optional<Greeting> parse(std::string_view text);
};

/// Greets whoever connects by TCP and echoes what follows; greets each UDP datagram; answers an
/// SCTP INIT with an INIT ACK whose cookie is the greeting.
class Responder {
  public:
    struct Server {
        std::string name;
        /// Does something where the server lives.
        std::function<void(const std::function<void()>&)> there;
        IpAddr address;
        /// TCP and UDP; SCTP is answered on all ports.
        std::vector<Port> ports;
    };

    static Result<std::unique_ptr<Responder>> start(const std::vector<Server>& servers);
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;
    ~Responder();

  private:
    enum class Kind : uint8_t { wake, listener, connection, datagram, sctp };
    struct Socket {
        Kind kind = Kind::wake;
        Fd fd;
        std::string name;
        Family family = Family::ipv4;
        Port port;
    };

    Responder() = default;
    Result<void> add(Socket socket);
    Result<void> open(const Server& server);
    Result<void> open_all(const Server& server);
    void loop();
    void ready(Socket& socket);
    void accept_all(Socket& listener);
    void echo(Socket& connection);
    void answer_datagrams(Socket& socket);
    void answer_sctp(Socket& socket);

    Fd epoll_;
    Fd wake_;
    std::unordered_map<int, Socket> sockets_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace sy::lab
