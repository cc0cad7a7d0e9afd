// How many descriptors we may have open.
#pragma once

namespace sy {

/// Raises the soft limit of open files to the hard one, as Go programs do when they start: each
/// health check node port needs descriptors, and service managers hand out 1024 by default.
/// Programs that we start inherit it.
void raise_file_limit();

}  // namespace sy
