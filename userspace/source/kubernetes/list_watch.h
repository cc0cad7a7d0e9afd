// The list-and-watch protocol of the Kubernetes API as a state machine without input and output:
// which request comes next, when, and what its answer means.
//
// Against a server that can do it, list and watch are one request (WatchList): the watch begins
// with everything that exists and marks the end of that with a bookmark. Any other server is asked
// for a list in pages, and for a watch from there.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"
#include "source/kubernetes/answers.h"
#include "source/kubernetes/backoff.h"
#include "source/kubernetes/outage.h"
#include "source/kubernetes/resource.h"
#include "source/kubernetes/watch_observer.h"

namespace sy {

/// The outer world at the time of an input.
struct Moment {
    std::chrono::steady_clock::time_point now;
    /// From [0, 1), fresh each time.
    double random = 0;
};

/// What is to be done, in the order of the members.
struct ListWatchStep {
    /// Drop the request under way.
    bool cancel = false;
    /// What comes next belongs to a new list: nothing of it has been told yet.
    bool begin_list = false;
    /// The list is complete.
    bool end_list = false;
    /// The cluster has no such resource, or we may not see it: counts as listed, removes nothing.
    bool absent = false;
    std::optional<ApiRequest> send;
    bool stop_timer = false;
    /// Let timer() be called after so long; replaces a timer that runs.
    std::optional<std::chrono::milliseconds> timer;
};

/// One of the four resources, followed for ever.
class ListWatch {
  public:
    enum class Phase : uint8_t {
        idle,
        initial,   ///< WatchList, before the bookmark that ends the initial events
        listing,   ///< a page of a list
        watching,  ///< a watch, also the rest of a WatchList
        waiting,   ///< for the timer, after a failure
        stopped,
    };

    /// All references must outlive this object.
    ListWatch(const Resource& resource, Log& log, WatchObserver& observer);

    // Inputs. After `cancel` nothing of the old request may come in any more.

    ListWatchStep start(Moment at);
    /// The answer is 200: its body follows.
    ListWatchStep accepted(Moment at);
    /// An object of the body was taken in. `version` may be empty. `added`: by an ADDED event or in
    /// a list.
    void object(const std::string& version, bool added, Moment at);
    ListWatchStep bookmark(const Bookmark& bookmark, Moment at);
    /// Any other status than 200, or an ERROR event.
    ListWatchStep refused(const Refusal& refusal, Moment at);
    /// A complete page of a list.
    ListWatchStep page(const ListPosition& position, Moment at);
    /// The request ended: there was no answer, or its body is over (a list's, before it was a
    /// complete page).
    ListWatchStep ended(const Result<void>& how, Moment at);
    ListWatchStep timer(Moment at);
    ListWatchStep stop();

    Phase phase() const { return phase_; }
    /// The resource's version that is in use: an index.
    std::size_t version() const { return version_; }
    /// Where a watch would go on; empty: a list is needed.
    const std::string& resource_version() const { return resource_version_; }

  private:
    using Milliseconds = std::chrono::milliseconds;
    using Time = std::chrono::steady_clock::time_point;

    ListWatchStep begin(Moment at);
    ListWatchStep begin_watch(Moment at);
    ListWatchStep begin_initial(Moment at);
    ListWatchStep begin_pages();
    ListWatchStep fall_back(std::string_view why);
    ListWatchStep expired(Moment at);
    ListWatchStep not_found(const Refusal& refusal, Moment at);
    ListWatchStep absent(Moment at);
    ListWatchStep back_off(std::chrono::seconds at_least, Moment at);
    ListWatchStep send(Phase phase, std::string_view parameters, Milliseconds head_timeout,
                       Milliseconds body_timeout);
    bool in_request() const;
    bool healthy(Time now) const;
    void advance(const std::string& version);
    void listed(const std::string& version);
    void forget_version();
    void complain(const Refusal& refusal, Time now);
    void disconnected(std::string_view reason);

    const Resource& resource_;
    Log& log_;
    WatchObserver& observer_;
    Outage outage_;
    Backoff backoff_;
    Phase phase_ = Phase::idle;
    std::size_t version_ = 0;
    std::string resource_version_;
    /// A list was completed once.
    bool listed_ = false;
    bool told_absent_ = false;
    bool watch_list_works_ = true;
    /// Something newer is known than what any server may answer with: lists must be fresh.
    bool must_be_fresh_ = false;
    /// The continue token of a page expired: ask for everything at once.
    bool in_one_page_ = false;
    std::string next_page_;
    /// A version expired, and no watch was healthy since.
    bool expired_lately_ = false;
    /// The request under way was answered.
    bool accepted_ = false;
    Time accepted_at_;
    /// WatchList: when the last initial event came, and whether other events came in between.
    Time progress_at_;
    bool live_sign_ = false;
};

}  // namespace sy
