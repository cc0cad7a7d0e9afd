// What anybody can see of BPF programs and pins, whoever made them.
#pragma once

#include <string>

#include "os/fd.h"

namespace sy::lab {

/// Programs attached to the socket address hooks of a cgroup: "connect4 sy_connect4\n…" in a fixed
/// order of hooks; empty if there are none.
std::string attached_programs(const std::string& cgroup);

/// A program of somebody else on the connect hook of a cgroup, which lets everything pass. Stays
/// attached as long as the result is open; its name is "bystander".
Fd attach_bystander(const std::string& cgroup);

/// All files and folders below a folder, one a line, sorted; empty if it does not exist.
std::string list_tree(const std::string& folder);

}  // namespace sy::lab
