// What the tests of the Kubernetes source share: a recorded observer, and answers of an API server.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/kubernetes/watch_observer.h"
#include "tests/unit/source/manifest/recorder.h"

namespace sy {

class RecordingObserver : public WatchObserver {
  public:
    void on_connected(std::string_view, bool connected) override {
        calls.emplace_back(connected ? "connected" : "disconnected");
    }
    void on_watch_restarted(std::string_view, std::string_view reason) override {
        calls.push_back("restarted: " + std::string(reason));
    }
    void on_listed(std::string_view resource) override {
        calls.push_back("listed " + std::string(resource));
    }
    void on_malformed(std::string_view resource) override {
        calls.push_back("malformed " + std::string(resource));
    }
    std::vector<std::string> take() { return std::exchange(calls, {}); }

    std::vector<std::string> calls;
};

/// A Service as an API server tells it in a watch. Port 0 makes it unusable.
inline std::string service_json(const std::string& name, int version, int port = 80) {
    return R"({"kind":"Service","apiVersion":"v1","metadata":{"name":")" + name +
           R"(","namespace":"default","resourceVersion":")" + std::to_string(version) +
           R"(","managedFields":[{"manager":"m","fieldsV1":{"f:spec":{"k:{\"port\":80}":{}}}}]},)" +
           R"("spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ports":[{"port":)" +
           std::to_string(port) + R"(,"protocol":"TCP"}]},"status":{"loadBalancer":{}}})";
}

inline std::string event_json(const std::string& type, const std::string& object) {
    return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

inline std::string bookmark_json(int version, bool ends_initial_events = false) {
    return event_json(
        "BOOKMARK",
        R"({"kind":"Service","apiVersion":"v1","metadata":{"resourceVersion":")" +
            std::to_string(version) + R"(","creationTimestamp":null)" +
            (ends_initial_events ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "") +
            R"(},"spec":{},"status":{"loadBalancer":{}}})");
}

inline std::string status_json(int code, const std::string& reason, const std::string& message,
                               const std::string& details = "{}") {
    return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
           message + R"(","reason":")" + reason + R"(","details":)" + details + R"(,"code":)" +
           std::to_string(code) + "}";
}

inline std::string list_json(int version, const std::vector<std::string>& items,
                             const std::string& next_page = "") {
    std::string text =
        R"({"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":")" +
        std::to_string(version) + "\"" +
        (next_page.empty() ? "" : R"(,"continue":")" + next_page + '"') + R"(},"items":[)";
    for (std::size_t i = 0; i < items.size(); ++i) {
        text += (i > 0 ? "," : "") + items[i];
    }
    return text + "]}\n";
}

}  // namespace sy
