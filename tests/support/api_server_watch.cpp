// WATCH, with and without initial events.
#include <algorithm>
#include <charconv>
#include <tuple>

#include "tests/support/api_server_session.h"

namespace sy::lab {
namespace {

using Clock = std::chrono::steady_clock;

struct WatchRequest {
    const ApiResource* resource = nullptr;
    std::string ns;
    Selector selector;
    /// Events after this; nothing: begin with all objects there are.
    std::optional<uint64_t> from;
    /// A bookmark ends the initial events.
    bool mark_end = false;
    bool bookmarks = false;
    std::optional<std::chrono::seconds> timeout;
};

std::optional<uint64_t> number(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

ApiReply invalid(std::string_view what) {
    return refusal(422, R"(ListOptions.meta.k8s.io "" is invalid: )" + std::string(what));
}

std::variant<ApiReply, WatchRequest> parse(const HttpRequest& request, const ApiPath& path,
                                           WatchList mode) {
    WatchRequest watch{path.resource, path.ns, {}, {}, false, false, {}};
    std::string fields(request.parameter("fieldSelector"));
    if (!path.name.empty()) {
        fields += (fields.empty() ? "metadata.name=" : ",metadata.name=") + path.name;
    }
    const auto selector = Selector::parse(request.parameter("labelSelector"), fields);
    const std::string_view version = request.parameter("resourceVersion");
    if (!selector || (!version.empty() && !number(version))) {
        return refusal(400, "unable to parse the selectors or the resource version");
    }
    watch.selector = *selector;
    watch.bookmarks = request.flag("allowWatchBookmarks");
    if (const auto seconds = number(request.parameter("timeoutSeconds"))) {
        watch.timeout = std::chrono::seconds(*seconds);
    }
    const bool asked = !request.parameter("sendInitialEvents").empty();
    if (asked && mode == WatchList::invalid) {
        return invalid(
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the "
            "WatchList feature gate is enabled");
    }
    const std::string_view match = request.parameter("resourceVersionMatch");
    if (mode != WatchList::ignored && asked != (match == "NotOlderThan")) {
        return invalid(
            "resourceVersionMatch: Forbidden: resourceVersionMatch must be NotOlderThan with "
            "sendInitialEvents and absent without it");
    }
    const bool initial = asked && mode == WatchList::supported && request.flag("sendInitialEvents");
    watch.mark_end = initial && watch.bookmarks;
    if (!initial && !version.empty() && version != "0") {
        watch.from = number(version);
    }
    return watch;
}

std::string event(std::string_view type, const StoredObject& object) {
    std::string line = R"({"type":")" + std::string(type) + R"(","object":)";
    object.append_document(line);
    return line + "}\n";
}

/// The last state of an object, with the version of its deletion.
std::string deletion(const StoredChange& change) {
    std::string line = event("DELETED", *change.before);
    const std::string old = R"("resourceVersion":")" + std::to_string(change.before->version) + '"';
    if (const std::size_t at = line.find(old); at != std::string::npos) {
        line.replace(at, old.size(),
                     R"("resourceVersion":")" + std::to_string(change.version) + '"');
    }
    return line;
}

std::string bookmark(const ApiResource& resource, uint64_t version, bool ends_initial) {
    std::string_view rest;
    if (resource.kind == "Service") {
        rest = R"(,"spec":{},"status":{"loadBalancer":{}})";
    } else if (resource.kind == "EndpointSlice") {
        rest = R"(,"addressType":"","endpoints":null,"ports":null)";
    }
    return R"({"type":"BOOKMARK","object":{"kind":")" + std::string(resource.kind) +
           R"(","apiVersion":")" + resource.api_version() + R"(","metadata":{"resourceVersion":")" +
           std::to_string(version) + R"(","creationTimestamp":null)" +
           (ends_initial ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "") + "}" +
           std::string(rest) + "}}\n";
}

std::string gone_text(uint64_t asked, uint64_t oldest) {
    return "too old resource version: " + std::to_string(asked) + " (" + std::to_string(oldest) +
           ")";
}

std::string gone_event(std::string_view message) {
    std::string status = status_body(410, "Expired", message);
    status.pop_back();
    return R"({"type":"ERROR","object":)" + status + "}\n";
}

/// The event the watcher sees, if any.
std::optional<std::string> seen_as(const WatchRequest& watch, const StoredChange& change) {
    const auto visible = [&](const StoredPtr& object) {
        return object && (watch.ns.empty() || object->ns == watch.ns) &&
               watch.selector.matches(object->selectable());
    };
    const bool before = visible(change.before);
    const bool now = visible(change.now);
    if (now) {
        return event(before ? "MODIFIED" : "ADDED", *change.now);
    }
    return before ? std::optional(deletion(change)) : std::nullopt;
}

/// Events to send together, in whatever order the options want.
std::vector<std::string> lines_of(const WatchRequest& watch,
                                  const std::vector<StoredChange>& changes,
                                  const ApiServerOptions& options) {
    struct Line {
        const StoredObject* object;
        std::string text;
    };
    std::vector<Line> lines;
    for (const StoredChange& change : changes) {
        if (std::optional<std::string> text = seen_as(watch, change)) {
            const StoredObject* object = (change.now ? change.now : change.before).get();
            for (int i = options.duplicate_events ? 0 : 1; i < 2; ++i) {
                lines.push_back({object, *text});
            }
        }
    }
    if (options.reorder_events) {
        std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
            return std::tie(a.object->name, a.object->ns) > std::tie(b.object->name, b.object->ns);
        });
    }
    std::vector<std::string> texts;
    texts.reserve(lines.size());
    for (Line& line : lines) {
        texts.push_back(std::move(line.text));
    }
    return texts;
}

/// One watch from its head to its end.
class Watch {
  public:
    Watch(ApiState& state, ApiStream& stream, ApiAnswer& answer, WatchRequest request)
        : state_(state), stream_(stream), answer_(answer), request_(std::move(request)) {}

    /// Where it begins; its objects, if it begins with them. Under the mutex.
    void begin();
    /// False: the connection is over. `half_event` as in ApiSession.
    bool run(const std::atomic<int>& half_event);

  private:
    struct Turn {
        std::vector<std::string> lines;
        bool expired = false;
        bool bookmark = false;
    };
    Turn look();
    bool send_initial();
    bool send(const Turn& turn);
    std::chrono::milliseconds patience() const;
    bool over() const { return deadline_ && Clock::now() >= *deadline_; }

    ApiState& state_;
    ApiStream& stream_;
    ApiAnswer& answer_;
    WatchRequest request_;
    std::vector<StoredPtr> initial_;
    uint64_t version_ = 0;
    uint64_t expire_orders_ = 0;
    uint64_t bookmark_orders_ = 0;
    std::size_t piece_ = 0;
    std::chrono::milliseconds bookmarks_every_{0};
    Clock::time_point last_bookmark_ = Clock::now();
    std::optional<Clock::time_point> deadline_;
};

void Watch::begin() {
    version_ = request_.from.value_or(state_.store.version());
    if (!request_.from) {
        initial_ = state_.store.list(*request_.resource, request_.ns, request_.selector);
    }
    expire_orders_ = state_.expire_orders[request_.resource];
    bookmark_orders_ = state_.bookmark_orders;
    piece_ = state_.options.event_chunk;
    if (request_.timeout) {
        deadline_ = Clock::now() + *request_.timeout;
    }
}

bool Watch::send_initial() {
    for (const StoredPtr& object : initial_) {
        if (!answer_.chunk(event("ADDED", *object), piece_)) {
            return false;
        }
    }
    initial_.clear();
    return !request_.mark_end ||
           answer_.chunk(bookmark(*request_.resource, version_, true), piece_);
}

Watch::Turn Watch::look() {
    Turn turn;
    const std::scoped_lock lock(state_.mutex);
    const std::vector<StoredChange> changes = state_.store.changes(*request_.resource, version_);
    turn.lines = lines_of(request_, changes, state_.options);
    version_ = std::max(version_, state_.store.version());
    turn.expired = state_.expire_orders[request_.resource] != expire_orders_;
    bookmarks_every_ = state_.options.bookmarks_every;
    const bool due =
        bookmarks_every_.count() > 0 && Clock::now() >= last_bookmark_ + bookmarks_every_;
    turn.bookmark = request_.bookmarks && (due || state_.bookmark_orders != bookmark_orders_);
    bookmark_orders_ = state_.bookmark_orders;
    piece_ = state_.options.event_chunk;
    return turn;
}

bool Watch::send(const Turn& turn) {
    for (const std::string& line : turn.lines) {
        if (!answer_.chunk(line, piece_)) {
            return false;
        }
    }
    if (turn.bookmark) {
        last_bookmark_ = Clock::now();
        return answer_.chunk(bookmark(*request_.resource, version_, false), piece_);
    }
    return true;
}

std::chrono::milliseconds Watch::patience() const {
    std::chrono::milliseconds time = std::chrono::seconds(60);
    if (deadline_) {
        time =
            std::min(time, std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()));
    }
    if (request_.bookmarks && bookmarks_every_.count() > 0) {
        time = std::min(time, bookmarks_every_);
    }
    return std::max(time, std::chrono::milliseconds(0));
}

bool Watch::run(const std::atomic<int>& half_event) {
    if (!send_initial()) {
        return false;
    }
    while (!over()) {
        const Turn turn = look();
        if (!send(turn)) {
            return false;
        }
        if (turn.expired) {
            return answer_.chunk(gone_event(gone_text(version_, version_)), piece_) &&
                   answer_.finish();
        }
        if (half_event != 0) {
            answer_.half_chunk(bookmark(*request_.resource, version_, false));
            stream_.pause(std::chrono::milliseconds(20));
            stream_.cut(static_cast<Cut>(half_event - 1));
            return false;
        }
        const ApiStream::Woken woken = stream_.wait(patience());
        // Who watches has nothing more to say: it is the end of the connection.
        if (woken == ApiStream::Woken::gone || woken == ApiStream::Woken::by_peer) {
            return false;
        }
    }
    return answer_.finish();
}

/// Says what a session watches for as long as it does.
class Watching {
  public:
    Watching(std::atomic<const ApiResource*>& place, const ApiResource* resource) : place_(place) {
        place_ = resource;
    }
    Watching(const Watching&) = delete;
    Watching& operator=(const Watching&) = delete;
    ~Watching() { place_ = nullptr; }

  private:
    std::atomic<const ApiResource*>& place_;
};

}  // namespace

bool ApiSession::watch(const HttpRequest& request, const ApiPath& path, SeenRequest& seen,
                       ApiAnswer& answer) {
    std::unique_lock lock(state_.mutex);
    std::variant<ApiReply, WatchRequest> parsed = parse(request, path, state_.options.watch_list);
    if (const ApiReply* refused = std::get_if<ApiReply>(&parsed)) {
        lock.unlock();
        return reply(request, *refused, seen, answer);
    }
    WatchRequest& wanted = std::get<WatchRequest>(parsed);
    if (const uint64_t oldest = state_.store.compacted(); wanted.from && *wanted.from < oldest) {
        const bool as_http = state_.options.gone_as == GoneAs::http;
        const std::string message = gone_text(*wanted.from, oldest);
        lock.unlock();
        if (as_http) {
            return reply(request, refusal(410, message), seen, answer);
        }
        note(seen, 200);
        return answer.begin(!request.keep_alive()) && answer.chunk(gone_event(message)) &&
               answer.finish();
    }
    Watch watch(state_, stream_, answer, std::move(wanted));
    watch.begin();
    seen.status = 200;
    lock.unlock();
    const Watching here(watching_, path.resource);
    return answer.begin(!request.keep_alive()) && watch.run(half_event_);
}

}  // namespace sy::lab
