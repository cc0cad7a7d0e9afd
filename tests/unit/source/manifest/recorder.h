// What the manifest tests observe: a log that keeps its lines, and objects as a table.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "model/event.h"

namespace sy {

class RecordingLog : public Log {
  public:
    void write(LogLevel level, std::string_view message) override {
        constexpr const char* kNames[] = {"debug: ", "info: ", "warning: ", "error: "};
        lines.push_back(kNames[static_cast<int>(level)] + std::string(message));
    }
    std::vector<std::string> take() { return std::exchange(lines, {}); }

    std::vector<std::string> lines;
};

/// Applies events as a consumer would, and notes them in short: "+Service default/a", "-…".
struct Recorder {
    std::map<std::string, Object> objects;
    std::set<Kind> listed;
    /// What the last Listed said.
    bool whole = false;
    std::vector<std::string> events;

    void apply(std::vector<Event> batch) {
        for (auto& event : batch) {
            apply(std::move(event));
        }
    }
    void apply(Event event) {
        if (auto* upserted = std::get_if<Upserted>(&event)) {
            const auto key = key_of(upserted->object).to_string();
            events.push_back("+" + key);
            objects.insert_or_assign(key, std::move(upserted->object));
        } else if (const auto* removed = std::get_if<Removed>(&event)) {
            events.push_back("-" + removed->key.to_string());
            objects.erase(removed->key.to_string());
        } else {
            const auto& list = std::get<Listed>(event);
            listed.insert(list.kind);
            whole = list.whole;
        }
    }
    std::vector<std::string> take() { return std::exchange(events, {}); }
    /// The port number of a Service, 0 if there is none.
    int port(const std::string& name) const {
        const auto found = objects.find("Service default/" + name);
        return found == objects.end() ? 0
                                      : std::get<Service>(found->second).ports.at(0).port.number();
    }
};

/// A Service document in YAML.
inline std::string service_yaml(const std::string& name, int port) {
    return "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + name +
           "\nspec:\n  clusterIP: 10.0.0.1\n  ports:\n  - port: " + std::to_string(port) + "\n";
}

}  // namespace sy
