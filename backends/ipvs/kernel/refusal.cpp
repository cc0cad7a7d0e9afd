#include "backends/ipvs/kernel/refusal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace sy::ipvs {
namespace {

std::string name_of(const ServerKey& key) {
    std::array<char, 8> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), key.mark, 16).ptr;
    const std::string digits(hex.data(), end);
    return "the virtual server 0x" + std::string(8 - digits.size(), '0') + digits + " (" +
           std::string(to_string(key.family)) + ")";
}

std::string name_of(const EndpointAddr& address) {
    return SocketAddress{address.ip, address.port}.to_string();
}

int gravity(CommitError::Reason reason) {
    switch (reason) {
        case CommitError::Reason::other:
            return 2;
        case CommitError::Reason::drift:
            return 1;
        case CommitError::Reason::change:
            return 0;
    }
    return 2;
}

CommitError::Reason reason_of(Meaning meaning) {
    if (meaning == Meaning::drift) {
        return CommitError::Reason::drift;
    }
    return meaning == Meaning::change ? CommitError::Reason::change : CommitError::Reason::other;
}

}  // namespace

// The kernel says ESRCH where there is no such server, and ENOENT where there is no such
// destination, no such scheduler, or no IPVS any more.
Meaning meaning_of(Change::Kind kind, int code) {
    using enum Change::Kind;
    switch (code) {
        case EEXIST:
            return kind == add_server || kind == add ? Meaning::present : Meaning::change;
        case ESRCH:
        case ENOENT:
            if (kind == remove_server || kind == remove) {
                return Meaning::fine;
            }
            return code == ENOENT && (kind == add_server || kind == set_server) ? Meaning::other
                                                                                : Meaning::drift;
        case EPERM:
        case ENOMEM:
        case ENOBUFS:
        case EOPNOTSUPP:
        case EAFNOSUPPORT:
            return Meaning::other;
        default:
            return Meaning::change;
    }
}

std::string describe(const Change& change) {
    using enum Change::Kind;
    const std::string server = name_of(change.server.key);
    const std::string address = name_of(change.destination.address);
    const std::string of = name_of(change.destination.server);
    switch (change.kind) {
        case add_server:
            return "add " + server + " with scheduler " + change.server.scheduler;
        case set_server:
            return "give " + server + " the scheduler " + change.server.scheduler;
        case remove_server:
            return "remove " + server;
        case add:
            return "add " + address + " to " + of;
        case set:
            return "set the weight of " + address + " of " + of;
        case remove:
            return "remove " + address + " from " + of;
    }
    return {};
}

void Refusals::add(Meaning meaning, Error error, uint32_t owner) {
    const auto reason = reason_of(meaning);
    if (!any_ || gravity(reason) > gravity(error_.reason)) {
        error_.reason = reason;
        error_.error = std::move(error);
    }
    any_ = true;
    error_.suspects.push_back(owner);
}

std::expected<void, CommitError> Refusals::result() {
    if (!any_) {
        return {};
    }
    std::ranges::sort(error_.suspects);
    const auto rest = std::ranges::unique(error_.suspects);
    error_.suspects.erase(rest.begin(), rest.end());
    return std::unexpected(std::move(error_));
}

}  // namespace sy::ipvs
