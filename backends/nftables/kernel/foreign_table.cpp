#include "backends/nftables/kernel/foreign_table.h"

#include <cerrno>

#include "backends/nftables/kernel/connection.h"
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

}  // namespace sy::nft
