#include "source/kubernetes/resource.h"

namespace sy {
namespace {

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string Resource::api_version(std::size_t version) const {
    return group.empty() ? versions[version] : group + '/' + versions[version];
}

Resource services_resource() {
    return {
        .kind = Kind::service,
        .plural = "services",
        .group = "",
        .versions = {"v1"},
        .selectors = "labelSelector=" + escape_query("!service.kubernetes.io/service-proxy-name") +
                     "&fieldSelector=" + escape_query("spec.clusterIP!=None")};
}

Resource slices_resource() {
    return {.kind = Kind::endpoint_slice,
            .plural = "endpointslices",
            .group = "discovery.k8s.io",
            .versions = {"v1"},
            .selectors = "labelSelector=" + escape_query("!service.kubernetes.io/headless")};
}

Resource node_resource(std::string_view name) {
    return {.kind = Kind::node,
            .plural = "nodes",
            .group = "",
            .versions = {"v1"},
            .selectors = "fieldSelector=" + escape_query("metadata.name=" + std::string(name))};
}

Resource service_cidrs_resource() {
    return {.kind = Kind::service_cidr,
            .plural = "servicecidrs",
            .group = "networking.k8s.io",
            .versions = {"v1", "v1beta1"},
            .selectors = "",
            .optional = true};
}

std::string escape_query(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string escaped;
    escaped.reserve(text.size() * 3);
    for (const char c : text) {
        if (is_unreserved(c)) {
            escaped += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            escaped += '%';
            escaped += kDigits[byte >> 4];
            escaped += kDigits[byte & 15];
        }
    }
    return escaped;
}

std::string target_of(const Resource& resource, std::size_t version, std::string_view parameters) {
    std::string target = resource.group.empty() ? "/api/" : "/apis/";
    target += resource.api_version(version) + '/' + resource.plural;
    char separator = '?';
    for (const auto part : {std::string_view(resource.selectors), parameters}) {
        if (!part.empty()) {
            target += separator;
            target += part;
            separator = '&';
        }
    }
    return target;
}

}  // namespace sy
