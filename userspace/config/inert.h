// Fields that are set to something and mean nothing here.
#pragma once

#include <string>
#include <vector>

#include "config/proxy_config.h"

namespace sy {

struct SetFields {
    /// Paths of fields that differ from their default and count.
    std::vector<std::string> in_force;
    /// Paths of those that do not count: not honoured by us, or of another mode.
    std::vector<std::string> inert;
};

/// `given` is what was written; `mode` is the one in force.
SetFields set_fields(const ProxyConfig& given, std::string_view mode);

/// The section that holds the settings of a mode.
std::string_view section_of(std::string_view mode);

}  // namespace sy
