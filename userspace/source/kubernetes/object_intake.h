// From the JSON of one resource's objects to events.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "source/decode.h"
#include "source/kubernetes/known_objects.h"
#include "source/kubernetes/resource.h"
#include "source/kubernetes/watch_observer.h"

namespace sy {

/// Decodes, remembers which objects were told, and takes a list as the difference to them. What is
/// wrong with an object is logged once per version of it; its last good version stays in force.
class ObjectIntake {
  public:
    /// All references must outlive the intake.
    ObjectIntake(const Resource& resource, Symbols& symbols, Log& log, WatchObserver& observer);

    /// What put() and remove() learn: the object's resourceVersion, empty if it could not be read.
    using Version = std::string;

    /// A list begins. What an unfinished one told stays told, and removes nothing.
    void begin_list();
    /// An object of the list, or one that was added or modified. `version` is the index of the
    /// resource's version that was asked for.
    Version put(std::string_view json, std::size_t version, std::vector<Event>& events);
    /// The object was deleted; `json` is its final state.
    Version remove(std::string_view json, std::size_t version, std::vector<Event>& events);
    /// An object so large that it was not even looked at.
    void put_too_large();
    /// The list is complete: removes what it did not tell, unless one of its objects could not be
    /// identified. Adds at most `max` events; true when Listed, the last of them, was added.
    bool end_list(std::vector<Event>& events, std::size_t max);
    std::size_t known() const { return known_.size(); }

  private:
    DecodeOutcome decode(std::string_view json, std::size_t version);
    void take_malformed(const Malformed& malformed);
    void take_stranger(const std::string& why);
    bool is_news(const ObjectKey& key, const std::string& version);
    void forget_remarks(const ObjectKey& key);

    struct KeyHash {
        std::size_t operator()(const ObjectKey& key) const noexcept;
    };

    const Resource& resource_;
    Log& log_;
    WatchObserver& observer_;
    /// By version.
    std::vector<std::string> api_versions_;
    Decoder decoder_;
    KnownObjects known_;
    /// Of the current list every object could be identified.
    bool whole_ = true;
    /// Objects that were remarked on, with the version it was about.
    std::unordered_map<ObjectKey, std::string, KeyHash> remarks_;
    /// The last thing said about an object without identity.
    std::string last_stranger_;
};

}  // namespace sy
