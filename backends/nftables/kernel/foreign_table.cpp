#include "backends/nftables/kernel/foreign_table.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "backends/nftables/kernel/connection.h"
#include "backends/nftables/kernel/dump_message.h"
#include "backends/nftables/kernel/encode_table.h"

namespace sy::nft {

Result<bool> remove_foreign_table(Family family, std::string_view name) {
    auto connection = Connection::open();
    if (!connection) {
        return std::unexpected(connection.error());
    }
    constexpr int kAttempts = 8;  // somebody else may be changing the ruleset
    for (int attempt = 1;; ++attempt) {
        Batch batch(name);
        uint32_t ids = 0;
        TableEncoder(batch, family, ids).remove_table();
        const auto refusals = connection->transact(batch);
        if (!refusals) {
            return std::unexpected(refusals.error());
        }
        if (refusals->empty()) {
            return true;
        }
        const int code = refusals->front().code;
        if (code == ENOENT) {
            return false;
        }
        if (attempt == kAttempts || (code != EINTR && code != EAGAIN)) {
            return std::unexpected(batch.explain(*refusals).error);
        }
    }
}

Result<bool> has_iptables_chains(Family family) {
    constexpr std::array<std::string_view, 5> kTables{"nat", "filter", "mangle", "raw", "security"};
    auto connection = Connection::open();
    if (!connection) {
        return std::unexpected(connection.error());
    }
    bool any = false;
    const auto done = connection->dump(
        {.type = NFT_MSG_GETCHAIN, .family = family}, [&](const NetlinkMessage& message) {
            const bool same_family = message.family == address_family(family);
            any = any || (same_family &&
                          std::ranges::count(kTables, parse_chain(message.attributes).table) != 0);
        });
    // EINTR: somebody writes just now, so there may be some.
    return done || done.error().code == EINTR ? Result<bool>(any || !done)
                                              : std::unexpected(done.error());
}

}  // namespace sy::nft
