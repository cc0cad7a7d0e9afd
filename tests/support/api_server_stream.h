// One accepted connection of the test API server, TLS or not, and the ways to maltreat it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "os/fd.h"
#include "tests/support/api_server.h"

namespace sy::lab {

/// What all connections of a server have in common.
struct StreamSwitches {
    std::atomic<bool> frozen = false;
};

/// TLS as the server speaks it; shared by its connections.
class TlsContext {
  public:
    /// `client_authority` may be empty: no client certificate is asked for then. Throws.
    TlsContext(const KeyPair& certificate, std::string_view client_authority);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    void* handle() const { return context_; }

  private:
    void* context_ = nullptr;
};

/// Used by one thread, but for wake() and end(). Every function that says false or `gone` means:
/// the connection is over, stop.
class ApiStream {
  public:
    /// `tls` may be null; it and `switches` outlive the stream.
    ApiStream(Fd socket, const TlsContext* tls, const StreamSwitches& switches);
    ~ApiStream();

    bool handshake();
    /// CN of the client's certificate, if it showed one that is good.
    std::string client_name() const;
    /// Waits for bytes and appends them.
    bool read(std::string& buffer);
    bool write(std::string_view bytes);

    enum class Woken : unsigned char { by_peer, by_wake, by_time, gone };
    /// Waits for wake(), bytes or the end of the peer, or the time.
    Woken wait(std::chrono::milliseconds at_most);
    /// Sleeps unless the connection is ended meanwhile.
    bool pause(std::chrono::milliseconds time);
    /// As polite peers do.
    void close();
    /// At once: see Cut.
    void cut(Cut how);

    /// From any thread: returns from wait(), once.
    void wake();
    /// From any thread: whatever is going on fails, and the connection is cut.
    void end(Cut how);
    /// end() was called.
    bool ending() const { return ending_; }

  private:
    struct Tls;
    /// Polls for `events`; false if the connection is over.
    bool poll_for(short events);
    bool may_go_on();
    bool retry(int result);
    void drain();

    Fd socket_;
    Fd wake_;
    const StreamSwitches& switches_;
    std::unique_ptr<Tls> tls_;
    std::atomic<bool> ending_ = false;
    std::atomic<Cut> how_ = Cut::fin;
    /// A wake() that some other wait took.
    bool woken_ = false;
};

}  // namespace sy::lab
