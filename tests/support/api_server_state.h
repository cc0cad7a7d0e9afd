// What the threads of the test API server share, and the answers that need no stream.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tests/support/api_server.h"
#include "tests/support/api_server_http.h"
#include "tests/support/api_server_store.h"
#include "tests/support/api_server_stream.h"

namespace sy::lab {

/// A whole answer.
struct ApiReply {
    unsigned status = 200;
    std::string body;
    std::optional<int> retry_after;
    std::string_view content_type = "application/json";
};

/// A Status with that code and the reason usual for it.
ApiReply refusal(unsigned code, std::string_view message);

/// One page of a list, still to be written.
struct ApiPage {
    const ApiResource* resource = nullptr;
    uint64_t version = 0;
    std::vector<StoredPtr> items;
    std::string next;
    std::size_t remaining = 0;

    /// All before the first item.
    std::string opening() const;
};

/// The rest of a list, as it was at its first page.
struct ApiPages {
    uint64_t version = 0;
    std::vector<StoredPtr> items;
};

struct ApiState {
    mutable std::mutex mutex;
    // Under the mutex:
    ApiServerOptions options;
    ApiStore store;
    std::vector<ApiFault> faults;
    std::vector<std::shared_ptr<SeenRequest>> seen;
    std::map<uint64_t, ApiPages> pages;
    uint64_t next_pages = 0;
    /// Grow with each order to send ERROR 410 or a bookmark.
    std::map<const ApiResource*, uint64_t> expire_orders;
    uint64_t bookmark_orders = 0;

    // By itself:
    StreamSwitches switches;
};

/// "list", "watch", "get", "create", …
std::string verb_of(const HttpRequest& request, const ApiPath& path);

// All of these take the mutex themselves.

/// GET of one object.
ApiReply read_object(ApiState& state, const ApiPath& path);
std::variant<ApiReply, ApiPage> read_page(ApiState& state, const ApiPath& path,
                                          const HttpRequest& request);
/// POST, PUT, PATCH and DELETE. The caller wakes the watches.
ApiReply write_object(ApiState& state, const ApiPath& path, const HttpRequest& request);

}  // namespace sy::lab
