// From the command line to a command.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>

#include "cli/load.h"
#include "cli/observe_options.h"
#include "config/options.h"

namespace sy {

struct RunCommand {
    Options options;
    /// Reads the configuration again, by the same flags: for when the file has changed.
    std::function<Loading()> reload;
};
struct RenderCommand {
    Options options;
};
struct CleanupCommand {
    CleanupOptions options;
};
struct ObserveCommand {
    ObserveOptions options;
};
struct VersionCommand {};
struct WriteConfigCommand {
    std::string path;
    std::string text;
    LogOptions log;
};

/// There is nothing to do but to print something and to exit.
struct Exit {
    int code = 0;
    /// For standard output (help) or standard error (what is wrong: one line each).
    std::string out;
    std::string error;
};

using Command = std::variant<RunCommand, RenderCommand, CleanupCommand, ObserveCommand,
                             VersionCommand, WriteConfigCommand, Exit>;

/// Exit code for a command line or a configuration that cannot be understood.
inline constexpr int kUsageError = 2;

/// Never throws. `arguments` begins with the program's name. Flags without a command mean `run`.
Command parse_command_line(std::span<const char* const> arguments, const Surroundings& surroundings,
                           const ReadFile& read_file);

}  // namespace sy
