// One resource, from the bytes of its answers to events: protocol, splitter, decoder and memory of
// what is known, without input and output.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/kubernetes/json_items.h"
#include "source/kubernetes/list_watch.h"
#include "source/kubernetes/object_intake.h"

namespace sy {

/// What an input of the reflector leads to, in the order of the members.
struct ReflectorStep {
    /// Destroy the request under way: nothing of it may come in any more.
    bool cancel = false;
    /// For the sink; at most Reflector::kBatch.
    std::vector<Event> events;
    std::optional<ApiRequest> send;
    bool stop_timer = false;
    /// Let on_timer() be called after so long; replaces a timer that runs.
    std::optional<std::chrono::milliseconds> timer;
    /// Call more() before any other input, with the same bytes still in place.
    bool more = false;
};

class Reflector {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// Events of a step, so that a long list never is in memory as events.
    static constexpr std::size_t kBatch = 1024;

    /// `symbols`, `log` and `observer` must outlive the reflector.
    Reflector(Resource resource, Symbols& symbols, Log& log, WatchObserver& observer);
    Reflector(const Reflector&) = delete;
    Reflector& operator=(const Reflector&) = delete;

    ReflectorStep start(Moment at);
    ReflectorStep on_head(const ApiHead& head, Moment at);
    /// `bytes` must stay valid until a step without `more`.
    ReflectorStep on_body(std::string_view bytes, Moment at);
    ReflectorStep more(Moment at);
    ReflectorStep on_end(const Result<void>& how, Moment at);
    ReflectorStep on_timer(Moment at);
    /// Ends everything. Whatever comes in later leads to nothing.
    ReflectorStep stop();

    const Resource& resource() const { return resource_; }
    const ListWatch& protocol() const { return protocol_; }
    /// Its Listed was told.
    bool listed() const { return listed_; }
    /// When the server last said something; nothing: never.
    std::optional<Time> last_contact() const { return last_contact_; }
    std::size_t known() const { return intake_.known(); }

  private:
    void carry_out(ListWatchStep next, ReflectorStep& step);
    void fill(ReflectorStep& step, Moment at);
    void take(const JsonItems::Item& item, ReflectorStep& step, Moment at);
    void take_event(const JsonItems::Item& item, ReflectorStep& step, Moment at);
    void end_list(ReflectorStep& step);
    ListWatchStep end_of_page(Moment at);
    ListWatchStep refused(Moment at);

    Resource resource_;
    Log& log_;
    ListWatch protocol_;
    ObjectIntake intake_;
    /// The body of a 200; nothing: no request, no answer yet, or another status.
    std::optional<JsonItems> items_;
    /// The answer is not 200; its body says why.
    std::optional<ApiHead> refusal_;
    std::string refusal_body_;
    /// The removals and the end of a list are being told.
    bool ending_list_ = false;
    bool listed_ = false;
    std::optional<Time> last_contact_;
};

}  // namespace sy
