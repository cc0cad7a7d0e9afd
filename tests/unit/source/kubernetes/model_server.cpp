#include "model_server.h"

#include <algorithm>

namespace sy {

void ModelServer::put(const std::string& name, int port) {
    const bool known = ports_.contains(name);
    ports_[name] = port;
    versions_[name] = ++revision_;
    history_.push_back(
        {revision_, known ? "MODIFIED" : "ADDED", service_json(name, revision_, port)});
}

void ModelServer::remove(const std::string& name) {
    const auto found = ports_.find(name);
    if (found == ports_.end()) {
        return;
    }
    history_.push_back({++revision_, "DELETED", service_json(name, revision_, found->second)});
    ports_.erase(found);
    versions_.erase(name);
}

std::optional<std::string> ModelServer::parameter(std::string_view target,
                                                  std::string_view name) const {
    const auto key = std::string(name) + "=";
    for (auto at = target.find(key); at != std::string_view::npos; at = target.find(key, at + 1)) {
        if (target[at - 1] == '&' || target[at - 1] == '?') {
            const auto value = target.substr(at + key.size());
            return std::string(value.substr(0, value.find('&')));
        }
    }
    return std::nullopt;
}

ModelServer::Answer ModelServer::answer(std::string_view target, bool faulty) {
    if (faulty && chance(8)) {
        constexpr int kCodes[] = {500, 503, 429, 401, 403};
        const int code = kCodes[random_() % std::size(kCodes)];
        return {static_cast<unsigned>(code), status_json(code, "Forbidden", "no"), false};
    }
    if (faulty && chance(12)) {
        return {504, status_json(504, "Timeout", "Too large resource version: 1, current: 0"),
                false};
    }
    if (!parameter(target, "watch")) {
        return page(target);
    }
    if (parameter(target, "sendInitialEvents")) {
        return watch_with_list();
    }
    const auto from = std::stoi(*parameter(target, "resourceVersion"));
    if (from < floor_ || (faulty && chance(10))) {
        const auto status = status_json(410, "Expired", "too old resource version");
        return chance(2) ? Answer{410, status, false}
                         : Answer{200, event_json("ERROR", status), false};
    }
    return watch(from);
}

ModelServer::Answer ModelServer::watch(int from) {
    told_ = from;
    return {200, live(false), true};
}

ModelServer::Answer ModelServer::watch_with_list() {
    if (watch_list_ == WatchList::refused) {
        return {422, status_json(422, "Invalid", "sendInitialEvents is forbidden"), false};
    }
    std::string body;
    for (const auto& object : shuffled_objects()) {
        body += event_json("ADDED", object);
    }
    if (watch_list_ == WatchList::works) {
        body += bookmark_json(revision_, true);
    }
    told_ = revision_;
    return {200, body, true};
}

std::vector<std::string> ModelServer::shuffled_objects() {
    std::vector<std::string> objects;
    for (const auto& [name, port] : ports_) {
        objects.push_back(service_json(name, versions_.at(name), port));
    }
    std::ranges::shuffle(objects, random_);
    return objects;
}

ModelServer::Answer ModelServer::page(std::string_view target) {
    std::size_t from = 0;
    if (const auto token = parameter(target, "continue")) {
        if (snapshot_revision_ < floor_ || chance(10)) {
            return {410, status_json(410, "Expired", "the continue token has expired"), false};
        }
        from = static_cast<std::size_t>(std::stoi(*token));
    } else {
        snapshot_ = shuffled_objects();
        snapshot_revision_ = revision_;
    }
    const std::size_t limit = parameter(target, "limit") ? 5 : snapshot_.size();
    const auto to = std::min(from + limit, snapshot_.size());
    const std::vector<std::string> items(snapshot_.begin() + static_cast<std::ptrdiff_t>(from),
                                         snapshot_.begin() + static_cast<std::ptrdiff_t>(to));
    return {200,
            list_json(snapshot_revision_, items, to < snapshot_.size() ? std::to_string(to) : ""),
            false};
}

std::string ModelServer::live(bool faulty) {
    std::string body;
    for (const auto& change : history_) {
        if (change.revision > told_) {
            body += event_json(change.type, change.object);
            if (faulty && chance(6)) {
                body += event_json(change.type, change.object);
            }
        }
    }
    told_ = revision_;
    if (faulty && chance(5)) {
        body += bookmark_json(std::max(1, revision_ - static_cast<int>(random_() % 20)));
    } else if (chance(5)) {
        body += bookmark_json(revision_);
    }
    return body;
}

}  // namespace sy
