// What the manifest files say, without touching files: text in, events out.
//
// - An object that is named in several files is taken from the first file in the order of paths;
//   when that file lets go of it, the next one's version takes its place.
// - A broken document takes nothing out of force: the last good version of its object stays. If it
//   cannot be told which object a broken document was about, everything that the file said before
//   and does not say now stays, until the file is whole again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "source/decode.h"
#include "source/manifest/intake.h"

namespace sy {

/// Not thread-safe: lives on the strand, like the Symbols it interns into.
class ManifestStore {
  public:
    /// Takes what changed, one event at a time, so that a huge file is never in memory as events.
    using Emit = std::function<void(Event)>;
    /// Files whose version of an object counts now: load them again, even if they did not change.
    using Reread = std::vector<std::string>;

    /// Both must outlive the store.
    ManifestStore(Symbols& symbols, Log& log);

    /// The file has this content now. The format follows from the path's extension. Content equal
    /// to that of the last load is not looked at again (and its errors not logged again).
    Reread load(const std::string& path, std::string_view text, const Emit& emit);
    /// The file is there but cannot be read: what it said stays in force.
    void unreadable(const std::string& path, const Error& error);
    /// The file is gone.
    Reread remove(const std::string& path, const Emit& emit);

    /// Errors that the files have now; 0 when all is well.
    std::size_t standing_errors() const;
    std::size_t object_count() const { return claims_.size(); }

  private:
    struct KeyHash {
        std::size_t operator()(const ObjectKey& key) const noexcept;
    };
    struct File {
        std::string_view path;
        /// Objects this file speaks of, whether its version counts or not.
        std::vector<const ObjectKey*> keys;
        /// Nothing: load whatever comes.
        std::optional<uint64_t> content;
        std::size_t errors = 0;
        std::string read_error;
    };
    struct Claim {
        File* holder = nullptr;
        uint64_t fingerprint = 0;  // 0: not known, the next version counts as changed
        uint32_t seen = 0;         // load in which the holder last spoke of it
    };
    struct Load;

    File& file(const std::string& path);
    void take(Load& load, ManifestItem item);
    void take_object(Load& load, ManifestObject object);
    void take_fault(Load& load, const ManifestFault& fault);
    void contend(Load& load, const ObjectKey& key, Claim& claim, Object object);
    void say_again(Load& load, const ObjectKey& key);
    bool was_seen(const Load& load, const ObjectKey& key) const;
    void let_go(File& file, const ObjectKey& key, const Emit& emit, Reread& reread);
    void finish(Load& load);
    void report(Load& load, LogLevel level, std::size_t line, std::string_view text);

    Log& log_;
    Decoder decoder_;
    std::map<std::string, File> files_;
    std::unordered_map<ObjectKey, Claim, KeyHash> claims_;
    /// Files that speak of an object without being its holder, by path, with the load that last
    /// said so. Keys are those of claims_.
    std::unordered_map<const ObjectKey*, std::map<std::string_view, std::pair<File*, uint32_t>>>
        losers_;
    std::set<std::pair<std::string, std::string>> unread_kinds_;
    uint32_t loads_ = 0;
};

/// True for names that manifests have (.yaml, .yml, .json) and hidden files do not.
bool is_manifest_name(std::string_view file_name);

}  // namespace sy
