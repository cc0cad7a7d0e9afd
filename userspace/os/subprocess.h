// Other programs, started without a shell.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace sy {

struct Command {
    /// The program, looked up in PATH, and its arguments, passed as they are.
    std::vector<std::string> argv;
    /// "NAME=value", added to our environment or replacing what is there.
    std::vector<std::string> environment{};
    /// For its standard input.
    std::string input{};
    /// It is killed when it takes longer, or writes more than this to either output.
    std::chrono::milliseconds timeout = std::chrono::seconds(60);
    std::size_t output_limit = 64UL << 20U;
};

struct CommandResult {
    /// What it exited with, or 128 + the signal that ended it.
    int status = 0;
    std::string out;
    std::string err;
};

/// Runs a program to its end; blocks. Fails if it cannot be started (code ENOENT: there is no such
/// program), takes too long or writes too much; whatever it exits with is no failure. SIGPIPE must
/// be ignored by the process.
Result<CommandResult> run_program(const Command& command);

}  // namespace sy
