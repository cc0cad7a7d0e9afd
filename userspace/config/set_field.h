// Setting one field from text, as a flag does.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/proxy_config.h"

namespace sy {

/// Sets the field at `path` ("iptables.masqueradeBit"), which must exist. A list is replaced by the
/// items of all `values`; of anything else the last value counts. Returns what is wrong with them.
std::optional<std::string> set_field(ProxyConfig& config, std::string_view path,
                                     std::span<const std::string> values);

}  // namespace sy
