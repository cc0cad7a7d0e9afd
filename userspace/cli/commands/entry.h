// The program behind main().
#pragma once

#include <span>

namespace sy {

/// Understands the command line and carries out its command. Returns the exit code.
int switchyard(std::span<const char* const> arguments);

}  // namespace sy
