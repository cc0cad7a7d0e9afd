// Where our own servers listen.
#pragma once

#include <optional>

#include "base/net.h"

namespace sy {

/// The defaults are kube-proxy's. An unspecified address means both families, as with kube-proxy.
struct ServingOptions {
    /// /healthz, /livez, /readyz. Nothing: not served.
    std::optional<SocketAddress> healthz = SocketAddress{IpAddr::v4(0, 0, 0, 0), Port(10256)};
    /// /metrics and its neighbours. Nothing: not served.
    std::optional<SocketAddress> metrics = SocketAddress{IpAddr::v4(127, 0, 0, 1), Port(10249)};
    /// A server that cannot listen ends the process, instead of trying again every 5 s.
    bool bind_hard_fail = false;

    friend bool operator==(const ServingOptions&, const ServingOptions&) = default;
};

}  // namespace sy
