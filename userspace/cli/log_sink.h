// Where log lines go: standard error.
#pragma once

#include <memory>

#include "base/log.h"
#include "config/options.h"

namespace sy {

/// A log that can be told otherwise while it is in use, from any thread.
class ConfigurableLog : public Log {
  public:
    virtual void configure(const LogOptions& options) = 0;
};

/// Writes one line per message to standard error, as text or as JSON objects. Whatever is in the
/// message, it stays one line and moves no cursor.
std::unique_ptr<ConfigurableLog> make_log(const LogOptions& options);

}  // namespace sy
