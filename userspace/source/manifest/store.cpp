#include "source/manifest/store.h"

#include <algorithm>
#include <utility>

#include "source/manifest/fingerprint.h"

namespace sy {
namespace {

// One broken file must not flood the log.
constexpr std::size_t kMaxReported = 20;
constexpr std::size_t kMaxUnreadKinds = 64;

std::string_view extension(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(dot);
}

void sort_unique(std::vector<std::string>& list) {
    std::ranges::sort(list);
    list.erase(std::ranges::unique(list).begin(), list.end());
}

}  // namespace

bool is_manifest_name(std::string_view file_name) {
    const auto suffix = extension(file_name);
    return !file_name.starts_with('.') &&
           (suffix == ".yaml" || suffix == ".yml" || suffix == ".json");
}

std::size_t ManifestStore::KeyHash::operator()(const ObjectKey& key) const noexcept {
    const std::hash<std::string> hash;
    return (hash(key.ns) * 31 + hash(key.name)) * 31 + static_cast<std::size_t>(key.kind);
}

/// One call of load().
struct ManifestStore::Load {
    File& file;
    uint32_t number;
    std::vector<const ObjectKey*> before;  // what the file spoke of until now
    const Emit& emit;
    Reread reread{};
    std::size_t errors = 0;
    std::size_t reported = 0;
    bool lost_identity = false;  // a broken document that could be any object
};

ManifestStore::ManifestStore(Symbols& symbols, Log& log) : log_(log), decoder_(symbols) {}

ManifestStore::File& ManifestStore::file(const std::string& path) {
    const auto [entry, is_new] = files_.try_emplace(path);
    entry->second.path = entry->first;
    return entry->second;
}

ManifestStore::Reread ManifestStore::load(const std::string& path, std::string_view text,
                                          const Emit& emit) {
    auto& file = this->file(path);
    const uint64_t content = std::hash<std::string_view>{}(text);
    if (file.content == content) {
        return {};
    }
    file.content = content;
    file.read_error.clear();
    Load load{file, ++loads_, std::exchange(file.keys, {}), emit};
    const auto format = extension(path) == ".json" ? ManifestFormat::json : ManifestFormat::yaml;
    read_manifest(text, format, decoder_, [&](ManifestItem item) { take(load, std::move(item)); });
    finish(load);
    sort_unique(load.reread);
    return std::move(load.reread);
}

void ManifestStore::take(Load& load, ManifestItem item) {
    if (auto* object = std::get_if<ManifestObject>(&item)) {
        take_object(load, std::move(*object));
    } else if (const auto* fault = std::get_if<ManifestFault>(&item)) {
        take_fault(load, *fault);
    } else if (auto& other = std::get<ManifestOther>(item);
               unread_kinds_.size() < kMaxUnreadKinds &&
               unread_kinds_.emplace(other.kind, other.api_version).second) {
        log_.info(std::string(load.file.path) + ": " + cut(other.kind, 64) + " (" +
                  cut(other.api_version, 64) +
                  ") is not read here; further ones are not mentioned");
    }
}

void ManifestStore::take_object(Load& load, ManifestObject item) {
    auto key = key_of(item.object);
    for (const auto& warning : item.warnings) {
        report(load, LogLevel::warning, warning.line, key.to_string() + ": " + warning.text);
    }
    auto [entry, is_new] = claims_.try_emplace(std::move(key));
    auto& [stable_key, claim] = *entry;
    if (!is_new && was_seen(load, stable_key)) {
        report(load, LogLevel::warning, 0,
               stable_key.to_string() + " is in this file twice: the first one counts");
        return;
    }
    if (!is_new && claim.holder != &load.file) {
        contend(load, stable_key, claim, std::move(item.object));
        return;
    }
    claim.holder = &load.file;
    claim.seen = load.number;
    load.file.keys.push_back(&stable_key);
    if (const auto print = fingerprint(item.object); print != claim.fingerprint) {
        claim.fingerprint = print;
        load.emit(Upserted{std::move(item.object)});
    }
}

// The object is another file's already.
void ManifestStore::contend(Load& load, const ObjectKey& key, Claim& claim, Object object) {
    auto& losers = losers_[&key];
    const bool is_news = losers.erase(load.file.path) == 0;
    load.file.keys.push_back(&key);
    const bool wins = load.file.path < claim.holder->path;
    if (is_news) {
        const auto& winner = wins ? load.file.path : claim.holder->path;
        const auto& loser = wins ? claim.holder->path : load.file.path;
        report(load, LogLevel::warning, 0,
               key.to_string() + " is in several files: " + std::string(winner) + " counts, " +
                   std::string(loser) + " does not");
    }
    if (!wins) {
        losers[load.file.path] = {&load.file, load.number};
        return;
    }
    losers[claim.holder->path] = {claim.holder, claim.seen};
    claim.holder = &load.file;
    claim.seen = load.number;
    if (const auto print = fingerprint(object); print != claim.fingerprint) {
        claim.fingerprint = print;
        load.emit(Upserted{std::move(object)});
    }
}

void ManifestStore::take_fault(Load& load, const ManifestFault& fault) {
    ++load.errors;
    if (!fault.key) {
        load.lost_identity = true;
        report(load, LogLevel::error, fault.note.line,
               fault.note.text + " (what this file said before stays in force)");
        return;
    }
    const auto claim = claims_.find(*fault.key);
    const bool known =
        claim != claims_.end() &&
        (claim->second.holder == &load.file ||
         (losers_.contains(&claim->first) && losers_.at(&claim->first).contains(load.file.path)));
    if (known && !was_seen(load, claim->first)) {
        say_again(load, claim->first);
    }
    report(load, LogLevel::error, fault.note.line,
           fault.key->to_string() + ": " + fault.note.text +
               (claim != claims_.end() ? " (its last good version stays in force)"
                                       : " (it is left out)"));
}

// The file still means `key`, in the version it had.
void ManifestStore::say_again(Load& load, const ObjectKey& key) {
    auto& claim = claims_.at(key);
    if (claim.holder == &load.file) {
        claim.seen = load.number;
    } else {
        losers_.at(&key).at(load.file.path).second = load.number;
    }
    load.file.keys.push_back(&key);
}

bool ManifestStore::was_seen(const Load& load, const ObjectKey& key) const {
    const auto& claim = claims_.at(key);
    if (claim.holder == &load.file) {
        return claim.seen == load.number;
    }
    const auto losers = losers_.find(&key);
    if (losers == losers_.end()) {
        return false;
    }
    const auto loser = losers->second.find(load.file.path);
    return loser != losers->second.end() && loser->second.second == load.number;
}

void ManifestStore::finish(Load& load) {
    for (const auto* key : load.before) {
        if (was_seen(load, *key)) {
            continue;
        }
        if (load.lost_identity) {
            say_again(load, *key);
        } else {
            let_go(load.file, *key, load.emit, load.reread);
        }
    }
    if (load.reported > kMaxReported) {
        log_.error(std::string(load.file.path) + ": " +
                   std::to_string(load.reported - kMaxReported) + " more remarks left out");
    }
    if (load.errors == 0 && load.file.errors > 0) {
        log_.info(std::string(load.file.path) + ": good again");
    }
    load.file.errors = load.errors;
}

void ManifestStore::let_go(File& file, const ObjectKey& key, const Emit& emit, Reread& reread) {
    const auto claim = claims_.find(key);
    const auto losers = losers_.find(&claim->first);
    if (losers == losers_.end() || losers->second.empty()) {
        if (losers != losers_.end()) {
            losers_.erase(losers);
        }
        emit(Removed{claim->first});
        claims_.erase(claim);
        return;
    }
    if (claim->second.holder != &file) {
        losers->second.erase(file.path);
    } else {
        const auto [heir, seen] = losers->second.begin()->second;
        losers->second.erase(losers->second.begin());
        claim->second = {heir, 0, seen};
        heir->content.reset();
        reread.emplace_back(heir->path);
    }
    if (losers->second.empty()) {
        losers_.erase(losers);
    }
}

void ManifestStore::unreadable(const std::string& path, const Error& error) {
    auto& file = this->file(path);
    file.content.reset();
    if (file.read_error == error.message()) {
        return;
    }
    file.read_error = error.message();
    file.errors = 1;
    log_.error(file.read_error + " (what this file said before stays in force)");
}

ManifestStore::Reread ManifestStore::remove(const std::string& path, const Emit& emit) {
    Reread reread;
    const auto entry = files_.find(path);
    if (entry == files_.end()) {
        return reread;
    }
    for (const auto* key : entry->second.keys) {
        let_go(entry->second, *key, emit, reread);
    }
    files_.erase(entry);
    sort_unique(reread);
    return reread;
}

std::size_t ManifestStore::standing_errors() const {
    std::size_t errors = 0;
    for (const auto& [path, file] : files_) {
        errors += file.errors;
    }
    return errors;
}

void ManifestStore::report(Load& load, LogLevel level, std::size_t line, std::string_view text) {
    if (++load.reported > kMaxReported) {
        return;
    }
    const auto place = std::string(load.file.path) + (line > 0 ? ":" + std::to_string(line) : "");
    log_.write(level, place + ": " + std::string(text));
}

}  // namespace sy
