// Base64 (RFC 4648), as the "-data" fields of a kubeconfig and basic authentication use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sy {

std::string base64(std::string_view bytes);

/// Nothing if `text` is no padded standard base64. Line breaks inside are ignored, as Go does.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sy
