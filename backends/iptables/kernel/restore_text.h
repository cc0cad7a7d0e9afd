// Chains as input of iptables-restore, and what its complaints mean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "backends/iptables/kernel.h"

namespace sy::iptables {

/// Input for iptables-restore --noflush.
struct RestoreText {
    std::string text;
    /// Blocks in it, each of which is one commit.
    uint32_t commits = 0;
};

/// How many chains one block may touch; 0: any number. The nft variant looks every chain up in a
/// list of those it has seen in the block, so that large blocks take it the square of their size.
inline constexpr std::size_t kChainsPerBlock = 500;

/// `present`: the jumps of ours that are there now; those in `unhook` or `hook` are taken out.
/// Fails for text that could be read as anything but what it stands for: control characters in
/// rules, and names of chains that are not ours or have other characters than ours have.
Result<RestoreText> restore_text(const Restore& restore, const std::vector<Jump>& present,
                                 std::size_t chains_per_block);

/// Input that removes all of `jumps` and `chains` from one table.
Result<RestoreText> removal_text(Family family, Table table, const std::vector<Jump>& jumps,
                                 const std::vector<Chain>& chains, std::size_t chains_per_block);

/// What a failed run means: its exit status and what it wrote to standard error. `program` names it
/// in the error, `input` is what it was given.
CommitError explain_restore(std::string_view program, int status, std::string_view complaint,
                            std::string_view input);

/// "nat" or "filter".
std::string_view to_string(Table table);

}  // namespace sy::iptables
