// The small parts of an answer that are not the objects themselves: failures, bookmarks, and where
// a list stands.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sy {

/// Why the API server refuses: its HTTP status and the Status object that explains it (which is all
/// there is in an ERROR event).
struct Refusal {
    unsigned code = 0;
    /// One word: "Forbidden", "Expired"; empty if the server gave none.
    std::string reason;
    /// Untrusted text.
    std::string message;
    std::optional<std::chrono::seconds> retry_after;
    /// The server has not reached the resourceVersion asked for.
    bool version_too_large = false;

    /// The resourceVersion or continue token asked for is no longer to be had.
    bool expired() const;
};

/// Reads a Status object. What it does not say, or if `json` is none, comes from `http_code`.
Refusal read_refusal(std::string_view json, unsigned http_code);

struct Bookmark {
    std::string resource_version;
    /// Everything that existed when the watch began has been told.
    bool ends_initial_events = false;
};

/// Reads the object of a BOOKMARK event; nothing if it has no resourceVersion.
std::optional<Bookmark> read_bookmark(std::string_view json);

struct ListPosition {
    std::string resource_version;
    /// Token of the next page; empty: this was the last.
    std::string next_page;
};

/// Reads the metadata of a list; nothing if it has no resourceVersion.
std::optional<ListPosition> read_list_position(std::string_view metadata);

}  // namespace sy
