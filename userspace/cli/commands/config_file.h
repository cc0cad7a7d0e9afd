// Configuration files.
#pragma once

#include <string>

#include "base/result.h"

namespace sy {

/// A whole file; refuses what is far too large to be a configuration.
Result<std::string> read_config_file(const std::string& path);

}  // namespace sy
