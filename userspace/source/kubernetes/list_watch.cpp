#include "source/kubernetes/list_watch.h"

#include <algorithm>
#include <utility>

#include "source/kubernetes/refusal_text.h"

namespace sy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A watch that lasted this long was fine, and its end is no failure.
constexpr seconds kHealthy{5};
// A server that knows WatchList ends the initial events without such a pause.
constexpr seconds kStalled{15};
// Watches end after a time of their own between these, so that nodes do not come back together.
constexpr seconds kMinWatch{300};
constexpr seconds kMaxWatch{600};
// What a watch may overrun the end it was given; a proxy may keep a dead one open.
constexpr seconds kOverrun{30};
// An API server gives up a list after 60 s by itself.
constexpr seconds kListHead{65};
constexpr seconds kListBody{30};
constexpr seconds kWatchHead{30};
constexpr milliseconds kLookAgain = std::chrono::minutes(10);
constexpr seconds kMaxRetryAfter{120};
constexpr std::string_view kPageLimit = "limit=500";

seconds watch_time(Moment at) {
    const auto range = static_cast<double>((kMaxWatch - kMinWatch).count());
    return kMinWatch + seconds(static_cast<int64_t>(range * at.random));
}

bool is_decimal(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Versions of one resource compare as numbers where they are numbers.
bool is_older(std::string_view a, std::string_view b) {
    if (!is_decimal(a) || !is_decimal(b)) {
        return false;
    }
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// How servers answer that do not know WatchList, or have it switched off. A lack of rights has the
// reason Forbidden.
bool says_unsupported(const Refusal& refusal) {
    constexpr unsigned kCodes[] = {400, 405, 415, 422, 501};
    return std::ranges::find(kCodes, refusal.code) != std::end(kCodes) ||
           (refusal.code == 403 && refusal.reason == "Invalid");
}

// The server did not like the request as such, which another try would not change.
bool says_wrong_request(const Refusal& refusal) {
    constexpr unsigned kOther[] = {401, 403, 408, 429};
    return refusal.code >= 400 && refusal.code < 500 &&
           std::ranges::find(kOther, refusal.code) == std::end(kOther);
}

}  // namespace

ListWatch::ListWatch(const Resource& resource, Log& log, WatchObserver& observer)
    : resource_(resource), log_(log), observer_(observer), outage_(resource.plural, log) {}

ListWatchStep ListWatch::start(Moment at) {
    return phase_ == Phase::idle ? begin(at) : ListWatchStep{};
}

ListWatchStep ListWatch::stop() {
    phase_ = Phase::stopped;
    ListWatchStep step;
    step.cancel = true;
    step.stop_timer = true;
    return step;
}

bool ListWatch::in_request() const {
    return phase_ == Phase::initial || phase_ == Phase::listing || phase_ == Phase::watching;
}

bool ListWatch::healthy(Time now) const {
    return phase_ == Phase::watching && accepted_ && now - accepted_at_ >= kHealthy;
}

ListWatchStep ListWatch::begin(Moment at) {
    if (!resource_version_.empty()) {
        return begin_watch(at);
    }
    return watch_list_works_ ? begin_initial(at) : begin_pages();
}

ListWatchStep ListWatch::begin_watch(Moment at) {
    const auto time = watch_time(at);
    return send(
        Phase::watching,
        "watch=true&allowWatchBookmarks=true&resourceVersion=" + escape_query(resource_version_) +
            "&timeoutSeconds=" + std::to_string(time.count()),
        kWatchHead, time + kOverrun);
}

// Without a resourceVersion: the answer is as new as the request, and never older than what is
// known.
ListWatchStep ListWatch::begin_initial(Moment at) {
    const auto time = watch_time(at);
    auto step = send(Phase::initial,
                     "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
                     "allowWatchBookmarks=true&timeoutSeconds=" +
                         std::to_string(time.count()),
                     kWatchHead, time + kOverrun);
    step.begin_list = true;
    return step;
}

// The first list may come from the server's cache (resourceVersion=0): that costs the server least,
// and what is not new enough there the watch tells right after. A cache ignores the limit, which is
// fine with us. Afterwards a list must not go back behind what is known: no resourceVersion, read
// from etcd where the server cannot do better, hence in pages.
ListWatchStep ListWatch::begin_pages() {
    next_page_.clear();
    std::string parameters;
    if (!in_one_page_) {
        parameters = kPageLimit;
    }
    if (!must_be_fresh_) {
        parameters += parameters.empty() ? "resourceVersion=0" : "&resourceVersion=0";
    }
    auto step = send(Phase::listing, parameters, kListHead, kListBody);
    step.begin_list = true;
    return step;
}

ListWatchStep ListWatch::send(Phase phase, std::string_view parameters, Milliseconds head_timeout,
                              Milliseconds body_timeout) {
    phase_ = phase;
    accepted_ = false;
    ListWatchStep step;
    step.cancel = true;
    step.stop_timer = true;
    auto& request = step.send.emplace();
    request.target = target_of(resource_, version_, parameters);
    request.head_timeout = head_timeout;
    request.body_timeout = body_timeout;
    return step;
}

ListWatchStep ListWatch::accepted(Moment at) {
    if (!in_request()) {
        return {};
    }
    accepted_ = true;
    accepted_at_ = at.now;
    outage_.answered(at.now);
    observer_.on_connected(resource_.plural, true);
    ListWatchStep step;
    if (phase_ == Phase::initial) {
        progress_at_ = at.now;
        live_sign_ = false;
        step.timer = kStalled;
    }
    return step;
}

void ListWatch::object(const std::string& version, bool added, Moment at) {
    if (phase_ == Phase::watching) {
        advance(version);
    } else if (phase_ == Phase::initial) {
        live_sign_ = live_sign_ || !added;
        progress_at_ = live_sign_ ? progress_at_ : at.now;
    }
}

void ListWatch::advance(const std::string& version) {
    if (!version.empty() && !is_older(version, resource_version_)) {
        resource_version_ = version;
    }
}

ListWatchStep ListWatch::bookmark(const Bookmark& bookmark, Moment) {
    ListWatchStep step;
    if (phase_ == Phase::watching) {
        advance(bookmark.resource_version);
    } else if (phase_ == Phase::initial && !bookmark.ends_initial_events) {
        live_sign_ = true;
    } else if (phase_ == Phase::initial) {
        phase_ = Phase::watching;
        listed(bookmark.resource_version);
        step.stop_timer = true;
        step.end_list = true;
    }
    return step;
}

ListWatchStep ListWatch::page(const ListPosition& position, Moment at) {
    if (phase_ != Phase::listing) {
        return {};
    }
    if (!position.next_page.empty()) {
        next_page_ = position.next_page;
        return send(Phase::listing,
                    std::string(kPageLimit) + "&continue=" + escape_query(next_page_), kListHead,
                    kListBody);
    }
    listed(position.resource_version);
    auto step = begin_watch(at);
    step.end_list = true;
    return step;
}

void ListWatch::listed(const std::string& version) {
    resource_version_ = version;
    listed_ = true;
    must_be_fresh_ = false;
    in_one_page_ = false;
    next_page_.clear();
    // A server whose lists expire at once would be asked for one after the other.
    if (!expired_lately_) {
        backoff_.reset();
    }
}

void ListWatch::forget_version() {
    resource_version_.clear();
    must_be_fresh_ = must_be_fresh_ || listed_;
}

ListWatchStep ListWatch::refused(const Refusal& refusal, Moment at) {
    if (!in_request()) {
        return {};
    }
    if (refusal.expired()) {
        return expired(at);
    }
    if (phase_ == Phase::initial && says_unsupported(refusal)) {
        return fall_back(refusal.message);
    }
    if (refusal.code == 404) {
        return not_found(refusal, at);
    }
    complain(refusal, at.now);
    if (refusal.code == 403 && resource_.optional && !listed_) {
        return absent(at);
    }
    if (refusal.version_too_large || (phase_ == Phase::watching && says_wrong_request(refusal))) {
        forget_version();
    }
    disconnected("refused");
    return back_off(refusal.retry_after.value_or(seconds(0)), at);
}

void ListWatch::complain(const Refusal& refusal, Time now) {
    const bool ours = refusal.code == 401 || says_wrong_request(refusal) ||
                      (refusal.code == 403 && !resource_.optional);
    outage_.failed(ours ? LogLevel::error : LogLevel::warning,
                   refusal_text(refusal, phase_ == Phase::listing ? "list" : "watch", resource_),
                   now);
}

// At once the first time. If that happens again before a watch was healthy, a server is at odds
// with itself.
ListWatchStep ListWatch::expired(Moment at) {
    const bool again = expired_lately_ && !healthy(at.now);
    expired_lately_ = true;
    in_one_page_ = phase_ == Phase::listing && !next_page_.empty();
    forget_version();
    disconnected("expired");
    log_.info("what is known of " + resource_.plural + " has expired: listing them anew");
    return again ? back_off(seconds(0), at) : begin(at);
}

ListWatchStep ListWatch::fall_back(std::string_view why) {
    watch_list_works_ = false;
    log_.info("the API server cannot stream a list of " + resource_.plural +
              (why.empty() ? "" : " (" + std::string(why) + ")") + ": asking for pages");
    return begin_pages();
}

ListWatchStep ListWatch::not_found(const Refusal& refusal, Moment at) {
    if (version_ + 1 < resource_.versions.size()) {
        ++version_;
        forget_version();
        return begin(at);
    }
    version_ = 0;
    if (resource_.optional && !listed_) {
        if (!told_absent_) {
            log_.info("this cluster has no " + resource_.plural + ": going on without");
        }
        return absent(at);
    }
    complain(refusal, at.now);
    forget_version();
    disconnected("refused");
    return back_off(seconds(0), at);
}

ListWatchStep ListWatch::absent(Moment at) {
    phase_ = Phase::waiting;
    outage_.dismissed();
    observer_.on_connected(resource_.plural, true);
    ListWatchStep step;
    step.cancel = true;
    step.absent = !told_absent_;
    step.timer = milliseconds(
        static_cast<int64_t>(static_cast<double>(kLookAgain.count()) * (0.75 + at.random / 2)));
    told_absent_ = true;
    return step;
}

ListWatchStep ListWatch::ended(const Result<void>& how, Moment at) {
    if (!in_request()) {
        return {};
    }
    if (healthy(at.now)) {
        disconnected(how ? "timeout" : "cut");
        expired_lately_ = false;
        backoff_.reset();
        outage_.settled();
        return begin_watch(at);
    }
    outage_.failed(LogLevel::warning,
                   how ? "the API server ends the answer too early" : how.error().message(),
                   at.now);
    disconnected(!accepted_ ? "unreachable" : how ? "timeout" : "cut");
    return back_off(seconds(0), at);
}

ListWatchStep ListWatch::back_off(seconds at_least, Moment at) {
    phase_ = Phase::waiting;
    ListWatchStep step;
    step.cancel = true;
    // Spread over a second: everybody was told the same time.
    const auto told = std::min(at_least, kMaxRetryAfter);
    const milliseconds spread(told.count() > 0 ? static_cast<int64_t>(1000 * at.random) : 0);
    step.timer = std::max<milliseconds>(backoff_.next(at.random), told + spread);
    return step;
}

void ListWatch::disconnected(std::string_view reason) {
    observer_.on_connected(resource_.plural, false);
    if (phase_ != Phase::listing) {
        observer_.on_watch_restarted(resource_.plural, reason);
    }
}

ListWatchStep ListWatch::timer(Moment at) {
    if (phase_ == Phase::waiting) {
        return begin(at);
    }
    ListWatchStep step;
    if (phase_ != Phase::initial || !accepted_) {
        return step;
    }
    const auto stalled_at = progress_at_ + kStalled;
    if (at.now >= stalled_at) {
        return fall_back("it does not say where the list ends");
    }
    step.timer = std::chrono::ceil<milliseconds>(stalled_at - at.now);
    return step;
}

}  // namespace sy
