// Events as `kubectl get events` shows them: what an operator should see without reading our log.
#pragma once

#include <string>

namespace sy {

enum class EventSeverity : unsigned char { normal, warning };

/// One thing that happened to one object.
struct ClusterEvent {
    /// "Service" or "Node" (apiVersion v1). `ns` is empty for a Node.
    std::string kind;
    std::string ns;
    std::string name;
    EventSeverity severity = EventSeverity::normal;
    /// One CamelCase word, such as "FailedToStartServiceHealthcheck".
    std::string reason;
    /// A sentence. May contain untrusted text.
    std::string message;
};

/// Where events go. Lives on the strand. Never fails: an event that cannot be delivered is dropped.
class EventSink {
  public:
    virtual ~EventSink() = default;
    virtual void record(ClusterEvent event) = 0;
};

}  // namespace sy
