#include "tests/support/api_server_resources.h"

#include <algorithm>
#include <array>

namespace sy::lab {
namespace {

constexpr std::array kResources{
    ApiResource{"", "v1", "services", "Service", true, "svc"},
    ApiResource{"", "v1", "nodes", "Node", false, "no"},
    ApiResource{"", "v1", "events", "Event", true, "ev"},
    ApiResource{"", "v1", "configmaps", "ConfigMap", true, "cm"},
    ApiResource{"", "v1", "serviceaccounts", "ServiceAccount", true, "sa"},
    ApiResource{"", "v1", "namespaces", "Namespace", false, "ns"},
    ApiResource{"", "v1", "pods", "Pod", true, "po"},
    ApiResource{"apps", "v1", "daemonsets", "DaemonSet", true, "ds"},
    ApiResource{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, ""},
    ApiResource{"events.k8s.io", "v1", "events", "Event", true, "ev"},
    ApiResource{"networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR", false, ""},
    ApiResource{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false, ""},
    ApiResource{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding",
                false, ""},
};

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        if (slash != 0) {
            parts.emplace_back(path.substr(0, slash));
        }
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return parts;
}

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

std::vector<std::string> groups(const AbsentGroups& absent) {
    std::vector<std::string> names;
    for (const ApiResource& resource : kResources) {
        const std::string group(resource.group);
        if (!group.empty() && !absent.contains(group) && (names.empty() || names.back() != group)) {
            names.push_back(group);
        }
    }
    return names;
}

std::string group_document(std::string_view group, bool alone) {
    const std::string version =
        R"({"groupVersion":)" + quoted(std::string(group) + "/v1") + R"(,"version":"v1"})";
    return (alone ? R"({"kind":"APIGroup","apiVersion":"v1","name":)" : R"({"name":)") +
           quoted(group) + R"(,"versions":[)" + version + R"(],"preferredVersion":)" + version +
           "}";
}

std::string group_list(const AbsentGroups& absent) {
    std::string text = R"({"kind":"APIGroupList","apiVersion":"v1","groups":[)";
    bool first = true;
    for (const std::string& group : groups(absent)) {
        text += (first ? "" : ",") + group_document(group, false);
        first = false;
    }
    return text + "]}";
}

std::string resource_list(std::string_view group) {
    const std::string api = group.empty() ? "v1" : std::string(group) + "/v1";
    std::string text = R"({"kind":"APIResourceList","apiVersion":"v1","groupVersion":)" +
                       quoted(api) + R"(,"resources":[)";
    bool first = true;
    for (const ApiResource& resource : kResources) {
        if (resource.group != group) {
            continue;
        }
        text += std::string(first ? "" : ",") + R"({"name":)" + quoted(resource.plural) +
                R"(,"singularName":"","namespaced":)" + (resource.namespaced ? "true" : "false") +
                R"(,"kind":)" + quoted(resource.kind) +
                R"(,"verbs":["create","delete","get","list","patch","update","watch"])";
        if (!resource.short_name.empty()) {
            text += R"(,"shortNames":[)" + quoted(resource.short_name) + "]";
        }
        text += "}";
        first = false;
    }
    return text + "]}";
}

std::string path_of(std::string_view group) {
    return group.empty() ? "api/v1" : "apis/" + std::string(group) + "/v1";
}

std::string openapi_index(const AbsentGroups& absent) {
    std::vector<std::string> all = groups(absent);
    all.insert(all.begin(), "");
    std::string text = R"({"paths":{)";
    for (const std::string& group : all) {
        text += (group.empty() ? "" : ",") + quoted(path_of(group)) +
                R"(:{"serverRelativeURL":"/openapi/v3/)" + path_of(group) + R"("})";
    }
    return text + "}}";
}

/// That PATCH takes "fieldValidation", and nothing more.
std::string openapi_document(std::string_view group) {
    std::string text =
        R"({"openapi":"3.0.0","info":{"title":"Kubernetes","version":"v1"},"paths":{)";
    bool first = true;
    for (const ApiResource& resource : kResources) {
        if (resource.group != group) {
            continue;
        }
        text += std::string(first ? "" : ",") + "\"/" + path_of(group) +
                (resource.namespaced ? "/namespaces/{namespace}/" : "/") +
                std::string(resource.plural) +
                R"(/{name}":{"patch":{"parameters":[{"name":"fieldValidation","in":"query",)"
                R"("schema":{"type":"string"}}],"responses":{},"x-kubernetes-group-version-kind":)"
                R"({"group":)" +
                quoted(group) + R"(,"version":"v1","kind":)" + quoted(resource.kind) + "}}}";
        first = false;
    }
    return text + "}}";
}

std::optional<std::string> openapi(const std::vector<std::string>& parts,
                                   const AbsentGroups& absent) {
    if (parts.size() < 2 || parts[0] != "openapi" || parts[1] != "v3") {
        return std::nullopt;
    }
    if (parts.size() == 2) {
        return openapi_index(absent);
    }
    if (parts.size() == 4 && parts[2] == "api") {
        return openapi_document("");
    }
    return parts.size() == 5 && !absent.contains(parts[3])
               ? std::optional(openapi_document(parts[3]))
               : std::nullopt;
}

std::string version_document(std::string_view version) {
    const std::string_view numbers = version.substr(version.find_first_of("0123456789"));
    const std::size_t dot = numbers.find('.');
    const std::string_view rest = numbers.substr(dot + 1);
    return R"({"major":)" + quoted(numbers.substr(0, dot)) + R"(,"minor":)" +
           quoted(rest.substr(0, rest.find('.'))) + R"(,"gitVersion":)" + quoted(version) +
           R"(,"platform":"linux/amd64"})";
}

}  // namespace

std::string ApiResource::api_version() const {
    return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

const ApiResource* find_resource(std::string_view group, std::string_view version,
                                 std::string_view plural) {
    const auto found = std::find_if(kResources.begin(), kResources.end(), [&](const auto& each) {
        return each.group == group && each.version == version && each.plural == plural;
    });
    return found == kResources.end() ? nullptr : &*found;
}

const ApiResource* find_kind(std::string_view api_version, std::string_view kind) {
    const auto found = std::find_if(kResources.begin(), kResources.end(), [&](const auto& each) {
        return each.kind == kind && each.api_version() == api_version;
    });
    return found == kResources.end() ? nullptr : &*found;
}

const ApiResource* find_plural(std::string_view plural) {
    const auto found = std::find_if(kResources.begin(), kResources.end(),
                                    [&](const auto& each) { return each.plural == plural; });
    return found == kResources.end() ? nullptr : &*found;
}

std::optional<ApiPath> parse_path(std::string_view path) {
    const std::vector<std::string> parts = split(path);
    std::size_t at = 0;
    const auto next = [&] { return at < parts.size() ? parts[at++] : std::string(); };
    const std::string root = next();
    if (root != "api" && root != "apis") {
        return std::nullopt;
    }
    const std::string group = root == "apis" ? next() : std::string();
    const std::string version = next();
    ApiPath result;
    // "namespaces/NS/services" is about services, "namespaces/NS" and "…/status" about a namespace.
    if (parts.size() > at + 2 && parts[at] == "namespaces" &&
        find_resource(group, version, parts[at + 2]) != nullptr) {
        result.ns = parts[at + 1];
        at += 2;
    }
    result.resource = find_resource(group, version, next());
    if (result.resource == nullptr || result.resource->namespaced < !result.ns.empty()) {
        return std::nullopt;
    }
    result.name = next();
    result.subresource = next();
    return at == parts.size() ? std::optional(std::move(result)) : std::nullopt;
}

std::optional<std::string> discovery(std::string_view path, const AbsentGroups& absent,
                                     std::string_view version) {
    const std::vector<std::string> parts = split(path);
    const std::string root = parts.empty() ? std::string() : parts[0];
    if (parts.size() == 1) {
        if (root == "version") {
            return version_document(version);
        }
        if (root == "api") {
            return R"({"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]})";
        }
        if (root == "apis") {
            return group_list(absent);
        }
        if (root == "healthz" || root == "livez" || root == "readyz") {
            return "ok";
        }
    }
    if (root == "openapi") {
        return openapi(parts, absent);
    }
    if (parts.size() == 2 && root == "api" && parts[1] == "v1") {
        return resource_list("");
    }
    if (parts.size() >= 2 && parts.size() <= 3 && root == "apis") {
        const std::vector<std::string> known = groups(absent);
        if (std::find(known.begin(), known.end(), parts[1]) == known.end()) {
            return std::nullopt;
        }
        if (parts.size() == 2) {
            return group_document(parts[1], true);
        }
        return parts[2] == "v1" ? std::optional(resource_list(parts[1])) : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace sy::lab
