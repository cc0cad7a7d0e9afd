// The log seam: everything below the composition root logs through this interface.
#pragma once

#include <string_view>

namespace sy {

enum class LogLevel { debug, info, warning, error };

/// Where log lines go. Implementations must be callable from any thread.
class Log {
  public:
    virtual ~Log() = default;

    /// `message` is one line without the newline. Untrusted names in it are escaped by the sink.
    virtual void write(LogLevel level, std::string_view message) = 0;

    void debug(std::string_view message) { write(LogLevel::debug, message); }
    void info(std::string_view message) { write(LogLevel::info, message); }
    void warning(std::string_view message) { write(LogLevel::warning, message); }
    void error(std::string_view message) { write(LogLevel::error, message); }
};

}  // namespace sy
