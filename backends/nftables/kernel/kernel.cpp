#include "backends/nftables/kernel.h"

#include <cerrno>
#include <functional>

#include "backends/nftables/kernel/connection.h"
#include "backends/nftables/kernel/dump.h"
#include "backends/nftables/kernel/encode_transaction.h"
#include "backends/nftables/kernel/probe.h"
#include "backends/nftables/layout.h"

namespace sy::nft {
namespace {

// A change of the ruleset that meets another one is told to try again.
constexpr int kAttempts = 8;

bool is_race(const CommitError& error) {
    const auto code = error.error.code;
    return code == EINTR || code == EAGAIN || code == ERESTART;
}

CommitError other(Error error) {
    return {CommitError::Reason::other, std::move(error), {}};
}

class NetlinkKernel final : public Kernel {
  public:
    NetlinkKernel(const Layout& layout, Connection connection)
        : layout_(layout), connection_(std::move(connection)) {}

    Result<std::vector<DumpedTable>> dump() override { return dump_tables(connection_, layout_); }

    std::expected<void, CommitError> commit(const Transaction& transaction) override {
        for (const auto& config : transaction.create) {
            if (auto valid = validate(config); !valid) {
                return std::unexpected(other(std::move(valid.error())));
            }
        }
        for (const auto& rewrite : transaction.rewrite) {
            if (auto valid = validate(rewrite.config); !valid) {
                return std::unexpected(other(std::move(valid.error())));
            }
        }
        return attempted([&]() -> Result<Batch> {
            std::vector<PresentTable> present;
            if (needs_present(transaction)) {
                auto listed = list_chains(connection_, layout_);
                if (!listed) {
                    return std::unexpected(listed.error());
                }
                present = std::move(*listed);
            }
            return write_transaction(layout_, transaction, present);
        });
    }

    Result<void> remove_tables() override {
        auto done = attempted([this]() -> Result<Batch> { return write_silence(layout_); });
        if (done) {
            done = attempted([this]() -> Result<Batch> { return write_removal(layout_); });
        }
        return done ? Result<void>() : std::unexpected(std::move(done.error().error));
    }

    Result<void> probe() override { return probe_features(connection_, layout_); }

    uint32_t port_id() const override { return connection_.port_id(); }

  private:
    std::expected<void, CommitError> attempted(const std::function<Result<Batch>()>& write) {
        for (int attempt = 1;; ++attempt) {
            auto batch = write();
            if (!batch) {
                return std::unexpected(other(std::move(batch.error())));
            }
            auto refusals = connection_.transact(*batch);
            if (!refusals) {
                return std::unexpected(other(std::move(refusals.error())));
            }
            if (refusals->empty()) {
                return {};
            }
            auto error = batch->explain(*refusals);
            if (attempt == kAttempts || !is_race(error)) {
                return std::unexpected(std::move(error));
            }
        }
    }

    const Layout& layout_;
    Connection connection_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> open_kernel(const Layout& layout) {
    auto connection = Connection::open();
    if (!connection) {
        return std::unexpected(connection.error());
    }
    return std::make_unique<NetlinkKernel>(layout, std::move(*connection));
}

}  // namespace sy::nft
