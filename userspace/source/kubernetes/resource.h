// Which resources are watched, and the requests for them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"

namespace sy {

/// A kind of object as the API server offers it, with the selectors that matter to a proxy.
struct Resource {
    Kind kind = Kind::service;
    /// As in paths and in RBAC rules: "endpointslices".
    std::string plural;
    /// API group, empty for the core group.
    std::string group;
    /// Versions to try, the best first.
    std::vector<std::string> versions;
    /// Label and field selectors as a query, escaped.
    std::string selectors;
    /// Clusters without this resource are fine.
    bool optional = false;

    /// "v1", "discovery.k8s.io/v1": the apiVersion of the objects.
    std::string api_version(std::size_t version) const;
};

/// Services of this proxy: neither another proxy's nor headless ones.
Resource services_resource();
/// EndpointSlices of Services that are not headless.
Resource slices_resource();
/// The one Node.
Resource node_resource(std::string_view name);
/// ServiceCIDRs; older clusters have them as v1beta1 or not at all.
Resource service_cidrs_resource();

/// `text` as part of a query: everything but unreserved characters becomes %XX.
std::string escape_query(std::string_view text);

/// Path and query of a list or watch of `resource` in one of its versions. `parameters` is a query
/// already escaped.
std::string target_of(const Resource& resource, std::size_t version, std::string_view parameters);

}  // namespace sy
