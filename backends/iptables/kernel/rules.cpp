#include "backends/iptables/kernel/rules.h"

#include <cerrno>
#include <utility>

namespace sy::iptables {
namespace {

// What is to be deleted may go between looking and deleting.
constexpr int kAttempts = 3;

CommitError other(Error error) {
    return {CommitError::Reason::other, std::move(error), {}};
}

}  // namespace

Rules::Rules(IptablesVariant variant) : variant_(variant) {
    for (std::size_t i = 0; i < kFamilies.size(); ++i) {
        if (auto found = find_programs(variant, kFamilies[i])) {
            programs_[i] = std::move(*found);
        }
    }
}

Result<Saved> Rules::saved(Family family) const {
    const auto& programs = programs_of(family);
    return programs ? save(*programs) : Saved{};
}

std::expected<void, CommitError> Rules::run(Family family, const RestoreText& text) {
    const auto& programs = programs_of(family);
    if (text.commits == 0) {
        return {};
    }
    if (!programs) {
        return std::unexpected(other(find_programs(variant_, family).error()));
    }
    const Writing writing(witness_.lock(), text.commits);
    const auto result = restore(*programs, text.text);
    if (!result) {
        return std::unexpected(other(result.error()));
    }
    if (result->status != 0) {
        return std::unexpected(
            explain_restore(programs->restore, result->status, result->err, text.text));
    }
    return {};
}

std::expected<void, CommitError> Rules::apply(const Restore& restore) {
    const bool needs_jumps = !restore.unhook.empty() || !restore.hook.empty();
    for (int attempt = 1;; ++attempt) {
        Saved present;
        if (needs_jumps) {
            auto found = saved(restore.family);
            if (!found) {
                return std::unexpected(other(std::move(found.error())));
            }
            present = std::move(*found);
        }
        auto text = restore_text(restore, present.jumps, block_size());
        if (!text) {
            return std::unexpected(other(std::move(text.error())));
        }
        auto done = run(restore.family, *text);
        if (done || !needs_jumps || attempt == kAttempts ||
            done.error().reason != CommitError::Reason::drift) {
            return done;
        }
    }
}

Result<bool> Rules::remove_all(const std::function<void(const Error&)>& unreadable) {
    bool any = false;
    for (const Family family : kFamilies) {
        if (!has(family) || !may_have_rules(variant_, family)) {
            continue;
        }
        const auto found = saved(family);
        if (!found && unreadable) {
            unreadable(found.error());
            continue;
        }
        if (!found) {
            return std::unexpected(found.error());
        }
        // The filter goes first: it refuses NodePorts that nat has not translated, those among them
        // that IPVS is about to take.
        for (const Table table : {Table::filter, Table::nat}) {
            auto text =
                removal_text(family, table, found->jumps,
                             table == Table::nat ? found->nat : found->filter, block_size());
            if (!text) {
                return std::unexpected(text.error());
            }
            any = any || text->commits > 0;
            if (auto done = run(family, *text); !done) {
                return std::unexpected(std::move(done.error().error));
            }
        }
    }
    return any;
}

Result<std::shared_ptr<Witness>> Rules::watch() {
    auto witness = variant_ == IptablesVariant::nft ? witness_nft() : witness_legacy();
    if (witness) {
        witness_ = *witness;
    }
    return witness;
}

}  // namespace sy::iptables
