// Clients of the lab: send real packets and say what came back.
#pragma once

#include <chrono>
#include <optional>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tests/support/lab.h"

namespace sy::lab {

/// A client's attempt to talk to somebody.
struct Flow {
    enum class Kind : uint8_t { tcp, udp, sctp, ping };
    Kind kind = Kind::tcp;
    Place from = Place::ext;
    IpAddr to;
    Port port;
    /// Source address; nothing: the place's own (the Node object's, for the node).
    std::optional<IpAddr> source;
    /// Source port; 0: any.
    Port source_port;
    /// The client leaves its source address to the kernel, as most do.
    bool any_source = false;

    std::string to_string() const;
};

Flow tcp(Place from, const IpAddr& to, Port port);
Flow udp(Place from, const IpAddr& to, Port port);
Flow sctp(Place from, const IpAddr& to, Port port);
Flow ping(Place from, const IpAddr& to);
/// The same flow with another source.
Flow with_source(Flow flow, const IpAddr& source, Port port = Port());
/// The same flow of a client that binds to no address.
Flow unbound(Flow flow);

/// What became of an attempt.
struct Outcome {
    enum class Kind : uint8_t {
        answered,
        /// Port unreachable or a reset: "connection refused" at once.
        refused,
        /// Nothing came back in time.
        silent,
        /// Another error: `error` is the errno.
        failed,
    };
    Kind kind = Kind::silent;
    /// answered (but not by ping): who answered, on which of its ports, and whom it saw.
    Greeting greeting;
    /// answered: what the client believes to be its own address.
    EndpointAddr own;
    int error = 0;
};

/// One attempt in words, the form in which tests compare: "pod1 kept" (pod1 answered and saw the
/// client's own address), "pod1 masq" (it saw an address of the node), "pod1 as 1.2.3.4" (another
/// address), with ":8081" after the server where it is not the usual port; "pong", "refused",
/// "silent", "failed: …".
std::string describe(const Lab& lab, const Outcome& outcome);

/// How long a client waits where an answer or a refusal is expected: long, so that a slow machine
/// does not fail a test. The wait ends with the answer.
inline constexpr std::chrono::milliseconds kPatience{15000};
/// How long silence has to last where silence is expected.
inline constexpr std::chrono::milliseconds kSilence{400};

/// Attempts all flows at the same time. Lost packets are sent again after a second, as TCP does.
std::vector<Outcome> attempt(const Lab& lab, std::span<const Flow> flows,
                             std::chrono::milliseconds patience = kPatience);
Outcome attempt(const Lab& lab, const Flow& flow, std::chrono::milliseconds patience = kPatience);

/// All different outcomes of `tries` new connections, described.
std::set<std::string> reached(const Lab& lab, const Flow& flow, unsigned tries,
                              std::chrono::milliseconds patience = kPatience);

/// A TCP connection that stays open.
class Session {
  public:
    /// Connects and reads the greeting; the outcome tells why if there is no session.
    static Session open(const Lab& lab, const Flow& flow);

    explicit operator bool() const { return outcome_.kind == Outcome::Kind::answered; }
    const Outcome& outcome() const { return outcome_; }
    const EndpointAddr& own() const { return outcome_.own; }
    /// Sends text and waits for its echo. False: the connection is dead.
    bool echo(std::string_view text, std::chrono::milliseconds patience = kPatience);

  private:
    Fd fd_;
    Outcome outcome_;
};

}  // namespace sy::lab
