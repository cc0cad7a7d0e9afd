// Tables, sets, chains and rules as netlink messages.
#pragma once

#include <string_view>

#include "backends/nftables/kernel/batch.h"
#include "backends/nftables/layout.h"

namespace sy::nft {

/// Writes the objects of one table. `ids` numbers the new sets of one batch.
class TableEncoder {
  public:
    TableEncoder(Batch& batch, Family family, uint32_t& ids)
        : batch_(batch), family_(family), ids_(ids) {}

    /// Creates the table, or leaves it as it is. Without a layout for one that is deleted next.
    void add_table(const Layout* layout);
    void remove_table();
    void add_set(const SetDecl& set);
    void remove_set(SetId set);
    /// Creates the chain, without rules. An existing one is left as it is.
    void add_chain(const Chain& chain);
    void remove_chain(std::string_view name);
    void add_rules(const Chain& chain);
    /// Removes all rules of a chain, or (no name) of the table.
    void remove_rules(std::string_view chain);
    void add_rule(std::string_view chain, const Rule& rule);

  private:
    Batch& batch_;
    Family family_;
    uint32_t& ids_;
};

}  // namespace sy::nft
