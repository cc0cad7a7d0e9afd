// A small honest kernel behind the nftables seam: the same refusals as the real one (checked
// against it in tests/netns), and it can be told to fail.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "backends/nftables/kernel.h"

namespace sy::nft {

/// The tables of a FakeKernel, shared by all kernels a test opens on it (restart of the daemon).
struct FakeTables {
    struct Table {
        TableConfig config;
        std::set<Element> elements;
        /// Somebody changed a rule.
        bool rules_edited = false;
        bool same_layout = true;
    };
    std::map<Family, Table> tables;
    std::vector<Transaction> committed;
    /// Refuses a transaction that adds such an element.
    std::function<bool(const Element&)> poison;
    /// The next commit fails with this.
    std::optional<CommitError> fail_next;
};

class FakeKernel : public Kernel {
  public:
    /// `tables` outlives the kernel.
    explicit FakeKernel(FakeTables& tables) : state_(tables) {}

    Result<std::vector<DumpedTable>> dump() override;
    std::expected<void, CommitError> commit(const Transaction& transaction) override;
    Result<void> remove_tables() override;
    Result<void> probe() override { return {}; }
    uint32_t port_id() const override { return 0; }

  private:
    FakeTables& state_;
};

}  // namespace sy::nft
