// From the command line to a command.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "cli/options.h"

namespace sy {

struct RunCommand {
    Options options;
};
struct RenderCommand {
    Options options;
};
struct CleanupCommand {
    LogOptions log;
};
struct VersionCommand {};

/// There is nothing to do but to print something and to exit.
struct Exit {
    int code = 0;
    /// For standard output (help) or standard error (what is wrong: one line).
    std::string out;
    std::string error;
};

using Command = std::variant<RunCommand, RenderCommand, CleanupCommand, VersionCommand, Exit>;

/// Exit code for a command line that cannot be understood.
inline constexpr int kUsageError = 2;

/// Never throws. `arguments` begins with the program's name.
Command parse_command_line(std::span<const char* const> arguments,
                           const Surroundings& surroundings);

}  // namespace sy
