// What the test API server serves, and its discovery documents.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sy::lab {

/// One resource of the API.
struct ApiResource {
    std::string_view group;
    std::string_view version;
    std::string_view plural;
    std::string_view kind;
    bool namespaced = true;
    std::string_view short_name;

    /// "v1", "apps/v1"
    std::string api_version() const;
};

/// By its place in a path. Core resources have the group "".
const ApiResource* find_resource(std::string_view group, std::string_view version,
                                 std::string_view plural);
/// By what an object says of itself.
const ApiResource* find_kind(std::string_view api_version, std::string_view kind);
/// By plural alone: the first of that name, or null.
const ApiResource* find_plural(std::string_view plural);

/// What a path names.
struct ApiPath {
    const ApiResource* resource = nullptr;
    std::string ns;
    std::string name;
    /// "status" and such.
    std::string subresource;
};

/// Null where the path names no resource we know. Names come in unescaped.
std::optional<ApiPath> parse_path(std::string_view path);

using AbsentGroups = std::set<std::string, std::less<>>;

/// The body for /version, /api, /apis, /api/v1, /apis/GROUP/VERSION, the health paths, and as much
/// of /openapi/v3 as lets kubectl leave validation to the server, if `path` is one of them.
std::optional<std::string> discovery(std::string_view path, const AbsentGroups& absent,
                                     std::string_view version);

}  // namespace sy::lab
