#include "source/kubernetes/object_intake.h"

#include <functional>
#include <utility>

#include "base/text.h"

namespace sy {
namespace {

std::string_view name_in(const Object& object, std::string_view& ns) {
    return std::visit(
        [&ns](const auto& each) -> std::string_view {
            using T = std::decay_t<decltype(each)>;
            if constexpr (std::is_same_v<T, Service>) {
                ns = each.name.ns;
                return each.name.name;
            } else if constexpr (std::is_same_v<T, EndpointSlice>) {
                ns = each.ns;
                return each.name;
            } else {
                return each.name;
            }
        },
        object);
}

}  // namespace

ObjectIntake::ObjectIntake(const Resource& resource, Symbols& symbols, Log& log,
                           WatchObserver& observer)
    : resource_(resource),
      log_(log),
      observer_(observer),
      decoder_(symbols),
      known_(resource.kind) {
    for (std::size_t version = 0; version < resource.versions.size(); ++version) {
        api_versions_.push_back(resource.api_version(version));
    }
}

void ObjectIntake::begin_list() {
    known_.begin_list();
    whole_ = true;
}

// What is no object of the kind asked for comes out as malformed without a key.
DecodeOutcome ObjectIntake::decode(std::string_view json, std::size_t version) {
    auto outcome = decoder_.decode(json, {to_string(resource_.kind), api_versions_[version]});
    if (!outcome) {
        return Malformed{{{}, outcome.error().message()}, std::nullopt, {}};
    }
    if (const auto* unread = std::get_if<Unread>(&*outcome)) {
        return Malformed{{{},
                          "the server sent a " + printable(unread->api_version, 64) + " " +
                              printable(unread->kind, 64) + " instead"},
                         std::nullopt,
                         {}};
    }
    const auto* good = std::get_if<Decoded>(&*outcome);
    if (good != nullptr && key_of(good->object).kind != resource_.kind) {
        return Malformed{{{}, "the server sent another kind of object"}, std::nullopt, {}};
    }
    return *std::move(outcome);
}

ObjectIntake::Version ObjectIntake::put(std::string_view json, std::size_t version,
                                        std::vector<Event>& events) {
    auto outcome = decode(json, version);
    if (const auto* bad = std::get_if<Malformed>(&outcome)) {
        take_malformed(*bad);
        return bad->resource_version;
    }
    auto& good = std::get<Decoded>(outcome);
    std::string_view ns;
    const auto name = name_in(good.object, ns);
    known_.add(ns, name);
    if (!good.warnings.empty()) {
        const auto key = key_of(good.object);
        if (is_news(key, good.resource_version)) {
            for (const auto& warning : good.warnings) {
                log_.warning(key.to_string() + ": " + warning.text());
            }
        }
    } else if (!remarks_.empty()) {
        forget_remarks(key_of(good.object));
    }
    events.emplace_back(Upserted{std::move(good.object)});
    return std::move(good.resource_version);
}

ObjectIntake::Version ObjectIntake::remove(std::string_view json, std::size_t version,
                                           std::vector<Event>& events) {
    auto outcome = decode(json, version);
    std::optional<ObjectKey> key;
    std::string resource_version;
    if (auto* good = std::get_if<Decoded>(&outcome)) {
        key = key_of(good->object);
        resource_version = std::move(good->resource_version);
    } else {
        auto& bad = std::get<Malformed>(outcome);
        if (!bad.key) {
            take_stranger(bad.fault.text());
            return {};
        }
        key = std::move(bad.key);
        resource_version = std::move(bad.resource_version);
    }
    known_.remove(key->ns, key->name);
    forget_remarks(*key);
    events.emplace_back(Removed{*std::move(key)});
    return resource_version;
}

void ObjectIntake::put_too_large() {
    take_stranger("it is larger than 32 MiB");
}

void ObjectIntake::take_malformed(const Malformed& malformed) {
    if (!malformed.key) {
        take_stranger(malformed.fault.text());
        return;
    }
    const auto& key = *malformed.key;
    known_.add(key.ns, key.name);
    if (is_news(key, malformed.resource_version)) {
        log_.error(key.to_string() + ": " + malformed.fault.text() +
                   " (its last good version, if there was one, stays in force)");
        observer_.on_malformed(resource_.plural);
    }
}

void ObjectIntake::take_stranger(const std::string& why) {
    whole_ = false;
    observer_.on_malformed(resource_.plural);
    if (why != last_stranger_) {
        log_.error("one of the " + resource_.plural + " cannot be used or even identified: " + why);
        last_stranger_ = why;
    }
}

bool ObjectIntake::is_news(const ObjectKey& key, const std::string& version) {
    const auto [entry, added] = remarks_.try_emplace(key, version);
    if (!added && entry->second == version && !version.empty()) {
        return false;
    }
    entry->second = version;
    return true;
}

void ObjectIntake::forget_remarks(const ObjectKey& key) {
    if (!remarks_.empty()) {
        remarks_.erase(key);
    }
}

bool ObjectIntake::end_list(std::vector<Event>& events, std::size_t max) {
    if (whole_ && !known_.sweep(events, max)) {
        return false;
    }
    events.emplace_back(Listed{resource_.kind, whole_});
    if (whole_) {
        last_stranger_.clear();
    }
    observer_.on_listed(resource_.plural);
    return true;
}

std::size_t ObjectIntake::KeyHash::operator()(const ObjectKey& key) const noexcept {
    return std::hash<std::string>{}(key.ns) * 31 + std::hash<std::string>{}(key.name);
}

}  // namespace sy
