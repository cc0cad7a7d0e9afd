// Bodies that `kubectl create` sends as protobuf: configmaps, namespaces and service accounts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sy::lab {

/// The same object as JSON; nothing if it is of another kind, or malformed.
std::optional<std::string> json_of_protobuf(std::string_view body);

}  // namespace sy::lab
