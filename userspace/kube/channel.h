// Bytes over a connected socket, plain or through TLS, without waiting: every call does what can be
// done now and says what to wait for. Who waits is another matter.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/tls.h"

namespace sy {

/// What a call has achieved.
struct ChannelStep {
    enum class Kind : unsigned char {
        /// It is done; `bytes` of it, if it is about bytes.
        done,
        /// Try again when the socket is readable.
        wait_read,
        /// Try again when the socket is writable.
        wait_write,
        /// The peer has ended the stream.
        closed,
        /// The peer has gone without ending the stream: something may be missing.
        cut,
    };

    Kind kind = Kind::done;
    std::size_t bytes = 0;
};

/// One direction after the other; not for concurrent use.
class Channel {
  public:
    virtual ~Channel() = default;

    /// Errors say what is wrong in words, without naming the peer.
    virtual Result<ChannelStep> handshake() = 0;
    virtual Result<ChannelStep> write(std::string_view bytes) = 0;
    /// At most what fits into `buffer`, at least one byte if done. Who stops before it says
    /// wait_read must not wait for the socket: the channel may hold bytes it took ahead.
    virtual Result<ChannelStep> read(std::span<char> buffer) = 0;
    /// Tells the peer that nothing follows, if that can be done at once.
    virtual void finish() = 0;
};

/// On the non-blocking socket `fd`, which must stay open for the channel's life.
std::unique_ptr<Channel> plain_channel(int fd);

/// The same through TLS. `server_name` is the name or IP address that the certificate must be for.
Result<std::unique_ptr<Channel>> tls_channel(int fd, const TlsContext& context,
                                             const std::string& server_name);

}  // namespace sy
