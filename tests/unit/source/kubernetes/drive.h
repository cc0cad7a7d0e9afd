// A reflector in the hands of a test, which plays the API server and the clock.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "harness.h"
#include "source/kubernetes/reflector.h"

namespace sy {

class Drive {
  public:
    explicit Drive(Resource resource = services_resource())
        : reflector(std::move(resource), symbols, log, observer) {}

    void start() { follow(reflector.start(at())); }
    void head(unsigned status = 200, const std::string& type = "application/json") {
        follow(reflector.on_head({status, std::nullopt, type}, at()));
    }
    void body(std::string_view text) {
        // On heap memory that is gone afterwards.
        const auto copy = std::make_unique<std::string>(text);
        follow(reflector.on_body(*copy, at()));
    }
    void end() { follow(reflector.on_end({}, at())); }
    void cut() { follow(reflector.on_end(fail("connection reset"), at())); }
    void refuse(unsigned status, std::string_view answer) {
        head(status);
        body(answer);
        end();
    }
    /// As long as the timer wants.
    void wait() {
        ASSERT_TRUE(timer);
        now += *timer;
        timer.reset();
        follow(reflector.on_timer(at()));
    }
    void stop() { follow(reflector.stop()); }

    /// A WatchList that has told `events`.
    void to_watching(const std::string& events = "", int version = 100) {
        start();
        head();
        body(events + bookmark_json(version, true));
        seen.events.clear();
    }
    bool asks_for(std::string_view what) const {
        return request && request->target.find(what) != std::string::npos;
    }
    Moment at() const { return {now, random}; }

    std::chrono::steady_clock::time_point now{std::chrono::seconds(1000)};
    double random = 0;
    Symbols symbols;
    RecordingLog log;
    RecordingObserver observer;
    Recorder seen;
    int lists = 0;
    std::optional<ApiRequest> request;
    std::optional<std::chrono::milliseconds> timer;
    Reflector reflector;

  private:
    void follow(ReflectorStep step) {
        for (;;) {
            if (step.cancel) {
                request.reset();
            }
            EXPECT_LE(step.events.size(), Reflector::kBatch);
            for (const auto& event : step.events) {
                lists += std::holds_alternative<Listed>(event) ? 1 : 0;
            }
            seen.apply(std::move(step.events));
            if (step.send) {
                EXPECT_FALSE(request) << "two requests at a time";
                request = std::move(step.send);
            }
            if (step.stop_timer) {
                timer.reset();
            }
            if (step.timer) {
                timer = step.timer;
            }
            if (!step.more) {
                return;
            }
            step = reflector.more(at());
        }
    }
};

}  // namespace sy
