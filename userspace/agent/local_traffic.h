// How pods of this node are recognised (--detect-local-mode).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.h"
#include "model/objects.h"

namespace sy {

enum class DetectLocalMode { cluster_cidr, node_cidr, bridge_interface, interface_name_prefix };

/// The flag's values, as kube-proxy spells them: "ClusterCIDR", "NodeCIDR", …
std::string_view to_string(DetectLocalMode mode);

/// What the flags say.
struct DetectLocal {
    DetectLocalMode mode = DetectLocalMode::cluster_cidr;
    /// Mode ClusterCIDR: at most one network per family.
    std::vector<Cidr> cluster_cidrs;
    /// Modes BridgeInterface and InterfaceNamePrefix.
    std::string interface;

    friend bool operator==(const DetectLocal&, const DetectLocal&) = default;
};

/// `node` is the own Node object, or null while there is none; its podCIDRs count in mode NodeCIDR.
/// Of each family the first network counts. No network at all: no detector.
LocalDetector local_detector(const DetectLocal& flags, const Node* node);

}  // namespace sy
