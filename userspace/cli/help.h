// What --help prints.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/flags.h"

namespace sy {

struct CommandHelp {
    std::string_view name;
    std::string_view summary;
    std::string_view footer;
};

/// Of the program.
std::string program_help(std::span<const CommandHelp> commands);
/// Of one command.
std::string command_help(const CommandHelp& command, std::span<const FlagSpec> flags);

}  // namespace sy
