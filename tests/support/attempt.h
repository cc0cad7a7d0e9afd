// One client socket from its making to its outcome: what probe.h is made of.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "os/fd.h"
#include "tests/support/probe.h"

namespace sy::lab {

/// Begins at construction; then ready() whenever the socket is, and resend() now and then, until
/// done(). Never blocks.
class Attempt {
  public:
    Attempt(const Lab& lab, const Flow& flow);
    Attempt(Attempt&&) = default;
    /// Resets a TCP connection instead of leaving it to TIME_WAIT: tests use up ports by the
    /// thousand.
    ~Attempt();

    bool done() const { return done_; }
    int fd() const { return fd_.get(); }
    /// What to poll for.
    short events() const;
    const Outcome& outcome() const { return outcome_; }

    /// The socket is readable, writable or in error.
    void ready();
    /// Sends the request again, unless TCP does so itself.
    void resend();
    /// The connected socket of an answered TCP attempt.
    Fd take_socket() { return std::move(fd_); }

  private:
    void open();
    void connect_socket();
    std::vector<uint8_t> request() const;
    std::vector<uint8_t> echo_request() const;
    void send_request();
    void receive();
    void greeted(std::string_view text);
    void echoed(std::span<const uint8_t> icmp);
    void fail_with(int error);

    Flow flow_;
    /// Differs between the attempts of a program: SCTP port and tag, ping id.
    uint16_t number_;
    Fd fd_;
    EndpointAddr own_;
    bool connected_ = false;
    bool done_ = false;
    Outcome outcome_;
};

}  // namespace sy::lab
