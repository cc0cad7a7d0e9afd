#include "source/kubernetes/reflector.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace sy {
namespace {

// A Status object is far smaller.
constexpr std::size_t kMaxRefusal = 64 * 1024;
constexpr unsigned kOk = 200;
// How long a server may take to say why it refuses. A watch's own limit is far longer.
constexpr std::chrono::seconds kRefusalTime{10};

}  // namespace

Reflector::Reflector(Resource resource, Symbols& symbols, Log& log, WatchObserver& observer)
    : resource_(std::move(resource)),
      log_(log),
      protocol_(resource_, log, observer),
      intake_(resource_, symbols, log, observer) {}

void Reflector::carry_out(ListWatchStep next, ReflectorStep& step) {
    if (next.cancel) {
        items_.reset();
        refusal_.reset();
        refusal_body_ = {};
        step.cancel = true;
    }
    // The end of one list comes before the begin of the next: both in one step cannot be.
    if (next.begin_list) {
        intake_.begin_list();
        ending_list_ = false;
    }
    ending_list_ = ending_list_ || next.end_list;
    if (next.absent) {
        step.events.emplace_back(Listed{resource_.kind, true});
        listed_ = true;
    }
    if (next.send) {
        step.send = std::move(next.send);
    }
    if (next.stop_timer) {
        step.stop_timer = true;
        step.timer.reset();
    }
    if (next.timer) {
        step.timer = next.timer;
    }
}

ReflectorStep Reflector::start(Moment at) {
    ReflectorStep step;
    carry_out(protocol_.start(at), step);
    return step;
}

ReflectorStep Reflector::stop() {
    ReflectorStep step;
    carry_out(protocol_.stop(), step);
    ending_list_ = false;
    return step;
}

ReflectorStep Reflector::on_timer(Moment at) {
    ReflectorStep step;
    carry_out(refusal_ ? refused(at) : protocol_.timer(at), step);
    return step;
}

ReflectorStep Reflector::on_head(const ApiHead& head, Moment at) {
    ReflectorStep step;
    if (protocol_.phase() == ListWatch::Phase::stopped) {
        return step;
    }
    last_contact_ = at.now;
    if (head.status != kOk) {
        refusal_ = head;
        step.timer = kRefusalTime;
        return step;
    }
    if (!head.content_type.empty() && head.content_type != "application/json") {
        carry_out(protocol_.ended(fail("the answer is " + printable(head.content_type, 64) +
                                       " where JSON belongs: check that the server address leads "
                                       "to a Kubernetes API server"),
                                  at),
                  step);
        return step;
    }
    items_.emplace(protocol_.phase() == ListWatch::Phase::listing ? JsonItems::Shape::list
                                                                  : JsonItems::Shape::watch);
    carry_out(protocol_.accepted(at), step);
    return step;
}

ReflectorStep Reflector::on_body(std::string_view bytes, Moment at) {
    ReflectorStep step;
    last_contact_ = at.now;
    if (refusal_) {
        refusal_body_.append(bytes.substr(0, kMaxRefusal - refusal_body_.size()));
    } else if (items_) {
        items_->feed(bytes);
        fill(step, at);
    }
    return step;
}

ReflectorStep Reflector::more(Moment at) {
    ReflectorStep step;
    fill(step, at);
    return step;
}

// Until there is nothing left to do, or enough of it for one step.
void Reflector::fill(ReflectorStep& step, Moment at) {
    while (step.events.size() < kBatch) {
        if (ending_list_) {
            end_list(step);
            continue;
        }
        if (!items_) {
            return;
        }
        const auto item = items_->next();
        if (item) {
            take(*item, step, at);
            continue;
        }
        if (items_->fault()) {
            const auto fault = *items_->fault();
            carry_out(protocol_.ended(std::unexpected(fault), at), step);
        }
        return;
    }
    step.more = true;
}

void Reflector::end_list(ReflectorStep& step) {
    if (intake_.end_list(step.events, kBatch - step.events.size())) {
        ending_list_ = false;
        listed_ = true;
    }
}

void Reflector::take(const JsonItems::Item& item, ReflectorStep& step, Moment at) {
    if (protocol_.phase() != ListWatch::Phase::listing) {
        take_event(item, step, at);
    } else if (item.too_large) {
        intake_.put_too_large();
    } else {
        protocol_.object(intake_.put(item.object, protocol_.version(), step.events), true, at);
    }
}

void Reflector::take_event(const JsonItems::Item& item, ReflectorStep& step, Moment at) {
    if (item.too_large) {
        intake_.put_too_large();
    } else if (item.type == "ADDED" || item.type == "MODIFIED") {
        const bool added = item.type == "ADDED";
        protocol_.object(intake_.put(item.object, protocol_.version(), step.events), added, at);
    } else if (item.type == "DELETED") {
        protocol_.object(intake_.remove(item.object, protocol_.version(), step.events), false, at);
    } else if (item.type == "BOOKMARK") {
        if (const auto bookmark = read_bookmark(item.object)) {
            carry_out(protocol_.bookmark(*bookmark, at), step);
        }
    } else if (item.type == "ERROR") {
        carry_out(protocol_.refused(read_refusal(item.object, 0), at), step);
    } else {
        log_.warning("watching " + resource_.plural + ": skipping an event of the unknown type " +
                     printable(item.type));
    }
}

ReflectorStep Reflector::on_end(const Result<void>& how, Moment at) {
    ReflectorStep step;
    if (refusal_) {
        carry_out(refused(at), step);
    } else if (how && items_ && protocol_.phase() == ListWatch::Phase::listing) {
        carry_out(end_of_page(at), step);
    } else if (how && items_) {
        carry_out(protocol_.ended(items_->finish(), at), step);
    } else {
        carry_out(protocol_.ended(how, at), step);
    }
    fill(step, at);
    return step;
}

ListWatchStep Reflector::refused(Moment at) {
    auto refusal = read_refusal(refusal_body_, refusal_->status);
    if (refusal_->retry_after) {
        refusal.retry_after = refusal_->retry_after;
    }
    return protocol_.refused(refusal, at);
}

ListWatchStep Reflector::end_of_page(Moment at) {
    if (const auto complete = items_->finish(); !complete) {
        return protocol_.ended(complete, at);
    }
    const auto& list = items_->list();
    const auto position = read_list_position(list.metadata);
    if (!position || !list.has_items || !list.kind.ends_with("List")) {
        return protocol_.ended(fail("the answer is not a list of " + resource_.plural), at);
    }
    return protocol_.page(*position, at);
}

}  // namespace sy
