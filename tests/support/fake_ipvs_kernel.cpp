#include "tests/support/fake_ipvs_kernel.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace sy::ipvs {
namespace {

std::string hex(uint32_t mark) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), mark, 16).ptr;
    return {digits.data(), end};
}

Error no_ipvs() {
    return {"fake kernel", "no IPVS", ENOENT};
}

std::string text(const Change& change) {
    switch (change.kind) {
        case Change::Kind::add_server:
            return "add_server " + hex(change.server.key.mark);
        case Change::Kind::set_server:
            return "set_server " + hex(change.server.key.mark) + " " + change.server.scheduler;
        case Change::Kind::remove_server:
            return "remove_server " + hex(change.server.key.mark);
        case Change::Kind::add:
        case Change::Kind::set:
        case Change::Kind::remove:
            break;
    }
    const auto& to = change.destination;
    const std::string verb = change.kind == Change::Kind::add   ? "add "
                             : change.kind == Change::Kind::set ? "set "
                                                                : "remove ";
    const auto weight =
        change.kind == Change::Kind::remove ? std::string() : " " + std::to_string(to.weight);
    return verb + hex(to.server.mark) + " " + to.address.ip.to_string() + ":" +
           std::to_string(to.address.port.number()) + weight;
}

}  // namespace

Result<void> FakeKernel::prepare() {
    state_.prepared = true;
    return {};
}

Result<Dumped> FakeKernel::dump() {
    Dumped dumped;
    for (const auto& [key, server] : state_.servers) {
        dumped.servers.push_back({key, server.scheduler});
        for (const auto& [address, destination] : server.destinations) {
            dumped.destinations.push_back({key, address, destination.weight});
        }
    }
    dumped.routes.assign(state_.routes.begin(), state_.routes.end());
    return dumped;
}

bool FakeKernel::carry_out(const Change& change) {
    if (change.kind == Change::Kind::remove_server) {
        state_.servers.erase(change.server.key);
        return true;
    }
    if (change.kind == Change::Kind::add_server || change.kind == Change::Kind::set_server) {
        state_.servers[change.server.key].scheduler = change.server.scheduler;
        return true;
    }
    const auto& to = change.destination;
    const auto server = state_.servers.find(to.server);
    if (change.kind == Change::Kind::remove) {
        if (server != state_.servers.end()) {
            server->second.destinations.erase(to.address);
        }
        return true;
    }
    if (server == state_.servers.end() || (state_.poison && state_.poison(to.address))) {
        return false;
    }
    server->second.destinations[to.address].weight = to.weight;
    return true;
}

std::expected<void, CommitError> FakeKernel::commit(const std::vector<Change>& changes) {
    if (state_.no_ipvs) {
        return std::unexpected(CommitError{CommitError::Reason::other, no_ipvs(), {}});
    }
    if (state_.fail_next) {
        return std::unexpected(*std::exchange(state_.fail_next, std::nullopt));
    }
    CommitError refused{CommitError::Reason::change, {"commit", "fake kernel", EINVAL}, {}};
    for (const auto& change : changes) {
        state_.log.push_back(text(change));
        if (!carry_out(change)) {
            refused.suspects.push_back(change.owner);
        }
    }
    return refused.suspects.empty() ? std::expected<void, CommitError>()
                                    : std::unexpected(std::move(refused));
}

std::expected<void, CommitError> FakeKernel::commit(const std::vector<RouteChange>& changes) {
    for (const auto& change : changes) {
        state_.log.push_back((change.remove ? "no route " : "route ") +
                             change.route.network.to_string());
        std::erase_if(state_.routes, [&](const LocalRoute& route) {
            return route.network == change.route.network;
        });
        if (!change.remove) {
            state_.routes.insert(change.route);
        }
    }
    return {};
}

Result<std::vector<Activity>> FakeKernel::activity(const std::vector<ServerKey>& servers) {
    if (state_.no_ipvs) {
        return std::unexpected(no_ipvs());
    }
    std::vector<Activity> result;
    for (const auto& key : servers) {
        const auto server = state_.servers.find(key);
        if (server == state_.servers.end()) {
            continue;
        }
        for (const auto& [address, destination] : server->second.destinations) {
            result.push_back({{key, address, destination.weight}, destination.connections, 0});
        }
    }
    return result;
}

Result<std::vector<IpAddr>> FakeKernel::interface_addresses() {
    return state_.interface_addresses;
}

Result<void> FakeKernel::remove_all() {
    state_.servers.clear();
    state_.routes.clear();
    state_.prepared = false;
    return {};
}

}  // namespace sy::ipvs
