#include "backends/ipvs/kernel/servers.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>
#include <utility>

#include "backends/ipvs/kernel/family.h"
#include "backends/ipvs/kernel/refusal.h"

namespace sy::ipvs {
namespace {

constexpr int kListAttempts = 8;

CommitError other(Error error) {
    return {CommitError::Reason::other, std::move(error), {}};
}

/// Which of the changes is the last to say something about each server and destination.
class LastWord {
  public:
    explicit LastWord(const std::vector<Change>& changes) {
        for (std::size_t i = 0; i < changes.size(); ++i) {
            const Change& change = changes[i];
            if (is_about_server(change)) {
                servers_[change.server.key] = i;
            } else {
                destinations_[{change.destination.server, change.destination.address}] = i;
            }
            if (change.kind == Change::Kind::remove_server) {
                removals_[change.server.key] = i;
            }
        }
    }

    bool has(const Change& change, std::size_t index) const {
        if (is_about_server(change)) {
            return servers_.at(change.server.key) == index;
        }
        const Destination& destination = change.destination;
        const auto removal = removals_.find(destination.server);
        return destinations_.at({destination.server, destination.address}) == index &&
               (removal == removals_.end() || removal->second < index);
    }

  private:
    static bool is_about_server(const Change& change) {
        using enum Change::Kind;
        return change.kind == add_server || change.kind == set_server ||
               change.kind == remove_server;
    }

    std::map<ServerKey, std::size_t> servers_;
    std::map<ServerKey, std::size_t> removals_;
    std::map<std::pair<ServerKey, EndpointAddr>, std::size_t> destinations_;
};

auto order(const AnyServer& server) {
    return std::tie(server.family, server.mark, server.protocol, server.address, server.scheduler);
}

}  // namespace

Result<Servers> Servers::open(Traffic& traffic) {
    auto channel = Channel::open(NETLINK_GENERIC, traffic);
    if (!channel) {
        return std::unexpected(channel.error());
    }
    return Servers(std::move(*channel));
}

Result<bool> Servers::available() {
    const auto found = find_family();
    if (!found) {
        return std::unexpected(found.error());
    }
    family_ = *found;
    return family_.has_value();
}

Result<uint16_t> Servers::family() {
    if (!family_) {
        if (const auto there = available(); !there) {
            return std::unexpected(there.error());
        }
    }
    if (!family_) {
        return fail("the kernel has no IPVS (module ip_vs)", {}, ENOENT);
    }
    return *family_;
}

std::expected<void, CommitError> Servers::commit(const std::vector<Change>& changes) {
    const auto ipvs = family();
    if (!ipvs) {
        return std::unexpected(other(ipvs.error()));
    }
    const auto answers = channel_.change(changes.size(), [&](std::size_t i, Message& message) {
        write_change(message, *ipvs, changes[i]);
    });
    if (!answers) {
        return std::unexpected(other(answers.error()));
    }
    Refusals refused;
    std::vector<std::size_t> present;
    for (const auto& [index, code] : *answers) {
        const Change& change = changes[index];
        switch (const Meaning meaning = meaning_of(change.kind, code)) {
            case Meaning::fine:
                break;
            case Meaning::present:
                present.push_back(index);
                break;
            case Meaning::other:
                family_.reset();  // the module may be another one by now
                [[fallthrough]];
            case Meaning::drift:
            case Meaning::change:
                refused.add(meaning, {describe(change), {}, code}, change.owner);
                break;
        }
    }
    if (const auto done = correct(changes, present, refused); !done) {
        return std::unexpected(other(done.error()));
    }
    return refused.result();
}

// Where a later change of the same commit had the last word, that was carried out after the
// addition was refused, and stands.
Result<void> Servers::correct(const std::vector<Change>& changes,
                              const std::vector<std::size_t>& present, Refusals& refused) {
    if (present.empty()) {
        return {};
    }
    const LastWord last_word(changes);
    std::vector<Change> corrections;
    for (const std::size_t index : present) {
        if (last_word.has(changes[index], index)) {
            corrections.push_back(changes[index]);
        }
    }
    const auto answers = channel_.change(corrections.size(), [&](std::size_t i, Message& message) {
        write_correction(message, *family_, corrections[i]);
    });
    if (!answers) {
        return std::unexpected(answers.error());
    }
    for (const auto& [index, code] : *answers) {
        const Change& change = corrections[index];
        const auto kind =
            change.kind == Change::Kind::add_server ? Change::Kind::set_server : Change::Kind::set;
        refused.add(meaning_of(kind, code), {describe(change), {}, code}, change.owner);
    }
    return {};
}

Result<std::vector<AnyServer>> Servers::list_once() {
    const auto ipvs = family();
    if (!ipvs) {
        return std::unexpected(ipvs.error());
    }
    std::vector<AnyServer> servers;
    const auto done = channel_.list([&](Message& message) { write_server_list(message, *ipvs); },
                                    [&](const nlmsghdr& message) {
                                        if (auto server = read_server(message)) {
                                            servers.push_back(std::move(*server));
                                        }
                                    },
                                    [&] { servers.clear(); });
    if (!done) {
        return std::unexpected(done.error());
    }
    std::ranges::sort(servers, [](const auto& a, const auto& b) { return order(a) < order(b); });
    const auto rest = std::ranges::unique(servers);
    servers.erase(rest.begin(), rest.end());
    return servers;
}

// The kernel goes through its list by position, a part at a time, and tells nobody when somebody
// else removes a server before that position: one of ours would be skipped. Two lists that agree
// have skipped none.
Result<std::vector<AnyServer>> Servers::list() {
    if (const auto there = available(); !there) {
        return std::unexpected(there.error());
    }
    auto before = list_once();
    for (int attempt = 1; before; ++attempt) {
        auto now = list_once();
        if (!now || *now == *before) {
            return now;
        }
        if (attempt == kListAttempts) {
            return fail("list virtual servers: they change all the time", {}, EAGAIN);
        }
        before = std::move(now);
    }
    return before;
}

Result<std::vector<Activity>> Servers::destinations(const std::vector<ServerKey>& servers) {
    const auto ipvs = family();
    if (!ipvs) {
        return std::unexpected(ipvs.error());
    }
    std::vector<Activity> all;
    for (const ServerKey& server : servers) {
        const auto start = static_cast<std::ptrdiff_t>(all.size());
        const auto restart = [&] { all.erase(all.begin() + start, all.end()); };
        const auto done =
            channel_.list([&](Message& message) { write_destination_list(message, *ipvs, server); },
                          [&](const nlmsghdr& message) {
                              if (auto activity = read_destination(message, server)) {
                                  all.push_back(*activity);
                              }
                          },
                          restart);
        if (!done) {
            if (done.error().code != ESRCH) {
                return std::unexpected(done.error());
            }
            restart();
        }
    }
    return all;
}

Result<bool> Servers::has_connections(const AnyServer& server) {
    const auto ipvs = family();
    if (!ipvs) {
        return std::unexpected(ipvs.error());
    }
    bool open = false;
    const auto done =
        channel_.list([&](Message& message) { write_destination_list(message, *ipvs, server); },
                      [&](const nlmsghdr& message) {
                          const auto activity = read_destination(message, {server.family, 0});
                          open = open || (activity && activity->active > 0);
                      },
                      [&] { open = false; });
    if (!done && done.error().code != ESRCH) {
        return std::unexpected(done.error());
    }
    return open;
}

Result<void> Servers::remove(const std::vector<AnyServer>& servers) {
    const auto ipvs = family();
    if (!ipvs) {
        return std::unexpected(ipvs.error());
    }
    const auto answers = channel_.change(servers.size(), [&](std::size_t i, Message& message) {
        write_removal(message, *ipvs, servers[i]);
    });
    if (!answers) {
        return std::unexpected(answers.error());
    }
    for (const auto& [index, code] : *answers) {
        if (code != ESRCH) {
            const EndpointAddr& address = servers[index].address;
            return fail("remove the virtual server",
                        SocketAddress{address.ip, address.port}.to_string(), code);
        }
    }
    return {};
}

Result<Timeouts> Servers::timeouts() {
    const auto ipvs = family();
    if (!ipvs) {
        return std::unexpected(ipvs.error());
    }
    Timeouts timeouts;
    const auto done =
        channel_.list([&](Message& message) { write_timeouts_question(message, *ipvs); },
                      [&](const nlmsghdr& message) { timeouts = read_timeouts(message); }, [] {});
    if (!done) {
        return std::unexpected(done.error());
    }
    return timeouts;
}

Result<void> Servers::set_timeouts(const Timeouts& timeouts) {
    const auto ipvs = family();
    if (!ipvs) {
        return std::unexpected(ipvs.error());
    }
    const auto answers = channel_.change(
        1, [&](std::size_t, Message& message) { write_timeouts(message, *ipvs, timeouts); });
    if (!answers) {
        return std::unexpected(answers.error());
    }
    if (!answers->empty()) {
        return fail("set the timeouts of IPVS", {}, answers->front().code);
    }
    return {};
}

}  // namespace sy::ipvs
