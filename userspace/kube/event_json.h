// Events in the words of the API.
//
// events.k8s.io/v1 rather than core/v1: it is what kube-proxy's recorder writes, so that the rights
// of kube-proxy (ClusterRole system:node-proxier: create events in events.k8s.io) are enough.
#pragma once

#include <chrono>
#include <string>

#include "base/cluster_event.h"

namespace sy {

/// Where and when.
struct EventContext {
    /// The node that reports.
    std::string node;
    std::chrono::system_clock::time_point time;
    /// The same happened this often since it was last told.
    unsigned untold = 0;
};

/// Path to post to.
std::string event_target(const ClusterEvent& event);

/// The object to post. Long texts are cut to what the API takes; its name is unique per time.
std::string event_body(const ClusterEvent& event, const EventContext& context);

}  // namespace sy
