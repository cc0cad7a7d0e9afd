// A list-and-watch machine in the hands of a test.
#pragma once

#include <gmock/gmock.h>

#include "harness.h"
#include "source/kubernetes/list_watch.h"

namespace sy {

using namespace std::chrono_literals;

inline const Refusal kExpired{410, "Expired", "too old resource version", {}, false};

inline Refusal refusal(unsigned code, std::string reason = "", std::string message = "") {
    return {code, std::move(reason), std::move(message), {}, false};
}

class ListWatchTest : public testing::Test {
  protected:
    explicit ListWatchTest(Resource resource = services_resource())
        : resource_(std::move(resource)), machine_(resource_, log_, observer_) {}

    Moment at() const { return {now_, random_}; }
    // What is sent, without path and selectors.
    static std::string sent(const ListWatchStep& step) {
        if (!step.send) {
            return "";
        }
        const auto& target = step.send->target;
        const auto selectors = target.find("clusterIP%21%3DNone&");
        return selectors == std::string::npos ? target : target.substr(selectors + 20);
    }
    static Error cut() { return {"connection reset", "", 0}; }

    // To a watch that goes on after a WatchList.
    void to_watching(std::string version = "100") {
        machine_.start(at());
        machine_.accepted(at());
        machine_.bookmark({std::move(version), true}, at());
        ASSERT_EQ(machine_.phase(), ListWatch::Phase::watching);
        log_.lines.clear();
        observer_.calls.clear();
    }
    ListWatchStep to_pages() {
        machine_.start(at());
        return machine_.refused(refusal(422, "Invalid", "sendInitialEvents is forbidden"), at());
    }
    ListWatchStep after(std::chrono::milliseconds time, ListWatchStep (ListWatch::*input)(Moment)) {
        now_ += time;
        return (machine_.*input)(at());
    }
    ListWatchStep fail_to_connect() {
        return machine_.ended(fail("connection refused", "10.0.0.1:443"), at());
    }

    std::chrono::steady_clock::time_point now_{1000s};
    double random_ = 0;
    RecordingLog log_;
    RecordingObserver observer_;
    Resource resource_;
    ListWatch machine_;
};

class OptionalResourceTest : public ListWatchTest {
  protected:
    OptionalResourceTest() : ListWatchTest(service_cidrs_resource()) {}
};

}  // namespace sy
