// Where log lines go: standard error.
#pragma once

#include <memory>

#include "base/log.h"
#include "config/options.h"

namespace sy {

/// Writes one line per message to standard error, as text or as JSON objects. Whatever is in the
/// message, it stays one line and moves no cursor.
std::unique_ptr<Log> make_log(const LogOptions& options);

}  // namespace sy
