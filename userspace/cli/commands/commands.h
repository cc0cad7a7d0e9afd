// The commands. Each returns the exit code of the process.
#pragma once

#include <string>

#include "cli/parser.h"
#include "config/options.h"

namespace sy {

/// Runs until SIGTERM or SIGINT. 1: it could not begin, or cannot go on.
int run(const RunCommand& command);
/// Prints to standard output. 1: a document was bad (the others are printed), or nothing could be
/// read.
int render(const Options& options);
/// Removes what any backend of ours has left in this network namespace, and in the places that
/// `options` name. 1: something is left.
int cleanup(const CleanupOptions& options);
/// Shows what the socket hooks of mode ebpf do, until SIGINT or SIGTERM. 1: there is nothing to
/// see, or no right to.
int observe(const ObserveOptions& options);
int version();
/// Writes `text` to the file at `path`. 1: it cannot be written.
int write_config(const std::string& path, const std::string& text, const LogOptions& options);

}  // namespace sy
