// An API server for tests: keeps objects as JSON documents and serves them as a kube-apiserver
// does (lists in pages, watches, WatchList, bookmarks, 410), over TLS or not, and misbehaves on
// demand. Checked against kubectl. It shares no code with the client under test.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/api_server_bulk.h"
#include "tests/support/certificates.h"
#include "tests/support/netns.h"

namespace sy::lab {

/// How `sendInitialEvents` is answered.
enum class WatchList : uint8_t {
    /// Initial events, then a bookmark that marks their end.
    supported,
    /// 422, as by servers that know it but have the feature gate off.
    invalid,
    /// As if it were not there: by servers that do not know it.
    ignored,
};

/// How a watch from a version that is compacted away is refused.
enum class GoneAs : uint8_t { http, event };

/// How a connection is ended without a word.
enum class Cut : uint8_t { fin, rst };

/// May be changed while the server runs, unless said otherwise.
struct ApiServerOptions {
    /// Counts at start().
    std::string address = "127.0.0.1";
    /// Counts at start(). 0: any; then the same one after each restart.
    uint16_t port = 0;
    /// Counts at start(). Without it: plain HTTP.
    std::optional<KeyPair> certificate;
    /// Counts at start(). PEM: clients with a certificate of this authority are known by its CN.
    std::string client_authority;
    /// Bearer tokens that are good. With neither tokens nor a client authority all are welcome.
    std::set<std::string, std::less<>> tokens;
    /// (verb, resource) that nobody may do: {"list", "services"}.
    std::set<std::pair<std::string, std::string>> forbidden;
    /// "networking.k8s.io" and such: as if the server were too old to have it.
    std::set<std::string, std::less<>> absent_groups;
    WatchList watch_list = WatchList::supported;
    GoneAs gone_as = GoneAs::event;
    /// Between bookmarks for those who want them; 0: none unless send_bookmarks() says so.
    std::chrono::milliseconds bookmarks_every{0};
    /// Piece of a list in one chunk.
    std::size_t list_chunk = std::size_t{32} << 10;
    /// Piece of a watch event in one chunk; 0: one chunk for each event.
    std::size_t event_chunk = 0;
    /// Every watch event is sent twice.
    bool duplicate_events = false;
    /// Events of different objects that are sent together change places.
    bool reorder_events = false;
    /// Objects get managedFields as every real one has.
    bool managed_fields = true;
    std::string version = "v1.36.0";
};

/// What happens to answers. A fault that says nothing of bytes leaves the body alone.
struct ApiFault {
    /// "list", "watch", "get", "create", "update", "patch", "delete"; empty: any.
    std::string verb;
    /// "services"; empty: any.
    std::string resource;
    /// Part of the target, such as "continue="; empty: any.
    std::string target;
    /// How often; below 0: until cleared.
    int times = 1;
    /// Answers this instead, with a Status; 0: no.
    unsigned status = 0;
    std::optional<int> retry_after;
    /// Before the head.
    std::chrono::milliseconds delay{0};
    /// Never answers; the connection stays.
    bool silent = false;
    /// Ends the connection after so many bytes of the body.
    std::optional<std::size_t> cut_after;
    Cut cut = Cut::fin;
    /// Sends so few bytes at a time, with a pause after each; 0: no.
    std::size_t drip = 0;
    std::chrono::milliseconds drip_pause{1};
};

/// One request that was answered or is being answered.
struct SeenRequest {
    /// As in ApiFault. Empty for what is no resource.
    std::string verb;
    std::string resource;
    std::string method;
    std::string target;
    /// 0: not yet.
    unsigned status = 0;
    /// "token" or the CN of a certificate; empty: unknown.
    std::string user;
};

/// The server. All functions may be called from any thread.
class TestApiServer {
  public:
    /// Does not start. With a namespace, listens there; it must outlive this object.
    explicit TestApiServer(ApiServerOptions options = {}, const NetNs* where = nullptr);
    TestApiServer(const TestApiServer&) = delete;
    TestApiServer& operator=(const TestApiServer&) = delete;
    ~TestApiServer();

    /// Listens. Throws std::runtime_error if it cannot.
    void start();
    /// Ends every connection and refuses new ones. Objects stay.
    void stop(Cut how = Cut::fin);
    uint16_t port() const;
    /// "https://127.0.0.1:6443"
    std::string url() const;

    /// Replaces the options by what `change(options)` makes of them.
    template <class Change>
    void configure(Change change) {
        ApiServerOptions options = this->options();
        change(options);
        set_options(std::move(options));
    }

    /// Creates or replaces an object: a JSON document with apiVersion and kind. Throws
    /// std::invalid_argument for what is none.
    void put(std::string_view json);
    /// Several of them, joined by "\n---\n" as in manifests.
    void put_all(std::string_view documents);
    /// As put, but what clients get is `text` to the letter, malformed or not, without version.
    void put_raw(std::string_view resource, std::string_view ns, std::string_view name,
                 std::string text);
    void remove(std::string_view resource, std::string_view ns, std::string_view name);
    /// The object as a client gets it.
    std::optional<std::string> get(std::string_view resource, std::string_view ns,
                                   std::string_view name) const;
    /// All of one kind, as clients get them.
    std::vector<std::string> list(std::string_view resource) const;
    std::size_t count(std::string_view resource) const;
    /// Adds very many Services and slices, without history: watches get ERROR 410.
    void load(const BulkSpec& spec);
    /// Moves one slice of load() to another generation.
    void change_slice(const BulkSpec& spec, uint32_t index, uint32_t generation);

    uint64_t resource_version() const;
    /// Forgets history: watches and pages from before now are 410.
    void compact();

    void inject(ApiFault fault);
    void clear_faults();
    /// Ends all connections now, with `mid_event` after half an event to those that watch.
    void cut(Cut how, bool mid_event = false);
    /// Neither reads nor writes nor greets, until told otherwise. The kernel still acknowledges.
    void freeze(bool frozen);
    /// Sends ERROR 410 to all watches of the resource (empty: of any), and ends them.
    void expire_watches(std::string_view resource = {});
    /// Sends a bookmark to all who want them.
    void send_bookmarks();

    std::vector<SeenRequest> requests() const;
    /// Requests of that kind so far; empty words match all.
    std::size_t requests(std::string_view verb, std::string_view resource) const;
    void forget_requests();
    /// Watches under way.
    std::size_t watches(std::string_view resource = {}) const;

  private:
    struct Impl;

    ApiServerOptions options() const;
    void set_options(ApiServerOptions options);

    std::unique_ptr<Impl> impl_;
};

}  // namespace sy::lab
