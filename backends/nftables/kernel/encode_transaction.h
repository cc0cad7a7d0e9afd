// A transaction as one batch.
#pragma once

#include <string>
#include <vector>

#include "backends/nftables/kernel.h"
#include "backends/nftables/kernel/batch.h"

namespace sy::nft {

/// What has to be known of a table to change its chains.
struct PresentTable {
    Family family = Family::ipv4;
    std::vector<std::string> chains;
    std::vector<ClassDef> classes;
};

/// Whether write_transaction needs to know what is present.
bool needs_present(const Transaction& transaction);
/// The messages of `transaction`. `present` has the tables that exist.
Batch write_transaction(const Layout& layout, const Transaction& transaction,
                        const std::vector<PresentTable>& present);
/// Removes all rules of our tables. The chains of a table that is deleted go on with their rules
/// until the kernel has unhooked them, while elements of maps, but not of plain sets, are gone from
/// sight: packets for a frontend would be held for packets to an unknown port, and refused.
Batch write_silence(const Layout& layout);
/// Deletes the tables, whether they exist or not.
Batch write_removal(const Layout& layout);

}  // namespace sy::nft
