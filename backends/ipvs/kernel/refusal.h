// What it means that the kernel refused a change.
#pragma once

#include <string>

#include "backends/ipvs/kernel.h"

namespace sy::ipvs {

enum class Meaning : uint8_t {
    /// It was gone already.
    fine,
    /// An addition of something that is there: it has to be brought to what was asked for.
    present,
    /// What was taken for granted is not there.
    drift,
    /// The kernel does not like this one.
    change,
    /// Nothing about the change itself.
    other,
};

/// `code` is an errno.
Meaning meaning_of(Change::Kind kind, int code);

/// "add 10.0.0.1:80 to the virtual server 0x05a00001 (IPv4)"
std::string describe(const Change& change);

/// Gathers refusals into the one error that a commit reports: the reason that has to be dealt with
/// first, because others may be its consequence, and everybody's owner.
class Refusals {
  public:
    void add(Meaning meaning, Error error, uint32_t owner);
    std::expected<void, CommitError> result();

  private:
    bool any_ = false;
    CommitError error_{.reason = CommitError::Reason::change, .error = {}, .suspects = {}};
};

}  // namespace sy::ipvs
