// What the kernel has of a layout's two tables, and how changes of elements get there: tables that
// are missing are created, sets that are too small replaced, rules that differ rewritten. Which
// elements there should be is the owner's business.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "backends/backend.h"
#include "backends/nftables/kernel.h"
#include "backends/nftables/layout.h"
#include "backends/nftables/numbers.h"
#include "backends/nftables/sizes.h"

namespace sy::nft {

/// Elements that come and go, in one transaction.
struct ElementChanges {
    std::vector<ElementOp> remove;
    std::vector<ElementOp> add;
    /// All elements of the node that there shall be, if any of them changes.
    const std::vector<Element>* node = nullptr;
    /// How many Services these changes are for, and how many there are in all: the first changes
    /// of a cold start tell how large sets will be.
    std::size_t services = 1;
    std::size_t known_services = 0;
};

class Tables {
  public:
    /// Everything that should be in the table of a family.
    using Content = std::function<std::vector<Element>(Family)>;

    /// `numbers` (whose classes are written here) and `log` must outlive this, and so `layout`.
    Tables(const Layout& layout, std::unique_ptr<Kernel> kernel, NumberPool& numbers, Log& log);

    Kernel& kernel() { return *kernel_; }
    const Layout& layout() const { return layout_; }
    bool present(Family family) const { return table(family).present; }

    /// Takes over a table of our layout.
    void adopt(const DumpedTable& dumped);
    /// Nothing of ours is known to be there.
    void forget();
    /// Rules that `facts` change are rewritten with the next changes.
    void take_facts(const NodeFacts& facts);

    /// What has to be sent. `content` is what should be there before the changes.
    Transaction transaction_for(ElementChanges changes, const Content& content) const;
    /// Every transaction goes through here: the watch does not listen to large ones.
    std::expected<void, CommitError> commit(const Transaction& transaction);
    /// The transaction took effect; its elements are counted by themselves.
    void note(const Transaction& transaction);
    /// An element came (1) or went (-1).
    void count(const Element& element, int64_t by);
    /// The class is about to be removed.
    void drop_class(Family family, const ClassDef& def);

    /// Mends what differs from `content` in what was dumped (null: there is no such table).
    Result<void> reconcile(Family family, const DumpedTable* dumped, std::vector<Element> content,
                           KernelReport& report);

    Result<std::unique_ptr<DriftWatch>> watch();
    std::vector<MapFill> fill() const;

  private:
    /// What we know of one family's table.
    struct Table {
        bool present = false;
        /// As written; of an adopted table, detector and masquerade_all are not known yet.
        TableConfig config;
        /// Fingerprint of the rules an adopted table has, until it was compared.
        std::optional<uint64_t> adopted_rules;
        /// The rules in the kernel are not those of `config`.
        bool needs_rewrite = false;
        /// Elements per set.
        SetCounts used{};
    };

    void plan_table(Family family, const ElementChanges& changes, Transaction& transaction) const;

    Table& table(Family family) { return tables_[index_of(family)]; }
    const Table& table(Family family) const { return tables_[index_of(family)]; }

    const Layout& layout_;
    std::unique_ptr<Kernel> kernel_;
    NumberPool& numbers_;
    Log& log_;
    /// The watch that watch() gave out, as long as its owner keeps it.
    std::weak_ptr<TableWatch> watch_;
    std::array<Table, 2> tables_;
};

/// Every element for nobody in particular.
std::vector<ElementOp> unowned(const std::vector<Element>& elements);

}  // namespace sy::nft
