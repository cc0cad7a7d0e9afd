// The commands. Each returns the exit code of the process.
#pragma once

#include "cli/options.h"

namespace sy {

/// Runs until SIGTERM or SIGINT. 1: it could not begin.
int run(const Options& options);
/// Prints to standard output. 1: a document was bad (the others are printed), or nothing could be
/// read.
int render(const Options& options);
/// Removes what any backend of ours has left in this network namespace. 1: something is left.
int cleanup(const LogOptions& options);
int version();

}  // namespace sy
