#include "backends/nftables/kernel/encode_transaction.h"

#include <algorithm>
#include <set>

#include "backends/nftables/kernel/encode_element.h"
#include "backends/nftables/kernel/encode_table.h"
#include "backends/nftables/layout.h"

namespace sy::nft {
namespace {

void write_contents(Batch& batch, TableEncoder& encoder, const Table& table) {
    // Chains before rules, because rules and classes refer to chains.
    for (const auto& chain : table.chains) {
        encoder.add_chain(chain);
    }
    for (const auto& chain : table.chains) {
        encoder.add_rules(chain);
    }
    write_classes(batch, table.family, table.classes, false);
}

// Adding before deleting makes the deletion succeed whether or not the table exists.
void write_deletion(TableEncoder& encoder) {
    encoder.add_table(nullptr);
    encoder.remove_table();
}

void write_creation(Batch& batch, TableEncoder& encoder, const TableConfig& config) {
    const auto table = describe(config);
    write_deletion(encoder);
    encoder.add_table(config.layout);
    for (const auto& set : table.sets) {
        encoder.add_set(set);
    }
    write_contents(batch, encoder, table);
}

void write_rewrite(Batch& batch, TableEncoder& encoder, const Transaction::Rewrite& rewrite,
                   const PresentTable& present) {
    const auto table = describe(rewrite.config);
    const auto resized = [&](SetId set) { return std::ranges::count(rewrite.resized, set) > 0; };
    encoder.remove_rules({});
    write_flush(batch, table.family, SetId::classes);
    for (const auto& set : table.sets) {
        if (resized(set.id)) {
            encoder.remove_set(set.id);
            encoder.add_set(set);
        }
    }
    for (const auto& name : present.chains) {
        if (std::ranges::find(table.chains, name, &Chain::name) == table.chains.end()) {
            encoder.remove_chain(name);
        }
    }
    write_contents(batch, encoder, table);
}

// Timeouts of sticky classes.
std::set<uint32_t> timeouts(const std::vector<ClassDef>& classes) {
    std::set<uint32_t> all;
    for (const auto& def : classes) {
        if (def.timeout != 0) {
            all.insert(def.timeout);
        }
    }
    return all;
}

std::vector<ClassDef> of_family(const std::vector<Transaction::ClassOp>& ops, Family family) {
    std::vector<ClassDef> defs;
    for (const auto& op : ops) {
        if (op.family == family) {
            defs.push_back(op.def);
        }
    }
    return defs;
}

void write_class_removal(Batch& batch, TableEncoder& encoder, Family family,
                         const std::vector<ClassDef>& removed,
                         const std::set<uint32_t>& timeouts_left) {
    std::vector<ClassElement> elements;
    elements.reserve(removed.size());
    for (const auto& def : removed) {
        elements.push_back(class_element(def));
    }
    write_classes(batch, family, elements, true);
    for (const auto& def : removed) {
        encoder.remove_rules(def.chain());
        encoder.remove_chain(def.chain());
    }
    for (const auto timeout : timeouts(removed)) {
        if (!timeouts_left.contains(timeout)) {
            encoder.remove_rules(known_chain_name(timeout));
            encoder.remove_chain(known_chain_name(timeout));
        }
    }
}

void write_class_addition(Batch& batch, TableEncoder& encoder, const Layout& layout, Family family,
                          const std::vector<ClassDef>& added,
                          const std::set<uint32_t>& timeouts_before) {
    std::vector<Chain> chains;
    for (const auto timeout : timeouts(added)) {
        if (!timeouts_before.contains(timeout)) {
            chains.push_back(layout.known_chain(timeout));
        }
    }
    std::vector<ClassElement> elements;
    for (const auto& def : added) {
        chains.push_back(layout.class_chain(def));
        elements.push_back(class_element(def));
    }
    for (const auto& chain : chains) {
        encoder.add_chain(chain);
    }
    for (const auto& chain : chains) {
        encoder.add_rules(chain);
    }
    write_classes(batch, family, elements, false);
}

void write_class_changes(Batch& batch, TableEncoder& encoder, const Layout& layout, Family family,
                         const Transaction& transaction, std::vector<ClassDef> present) {
    const auto removed = of_family(transaction.remove_classes, family);
    const auto added = of_family(transaction.add_classes, family);
    std::erase_if(present, [&](const ClassDef& def) {
        return std::ranges::find(removed, def.number, &ClassDef::number) != removed.end();
    });
    const auto before = timeouts(present);
    write_class_removal(batch, encoder, family, removed, before);
    write_class_addition(batch, encoder, layout, family, added, before);
}

// The classes of a table as they are when the class changes of the transaction begin.
std::vector<ClassDef> classes_before(const Transaction& transaction, Family family,
                                     const PresentTable& present) {
    for (const auto& config : transaction.create) {
        if (config.family == family) {
            return config.classes;
        }
    }
    for (const auto& rewrite : transaction.rewrite) {
        if (rewrite.config.family == family) {
            return rewrite.config.classes;
        }
    }
    return present.classes;
}

}  // namespace

bool needs_present(const Transaction& transaction) {
    return !transaction.rewrite.empty() || !transaction.remove_classes.empty() ||
           !transaction.add_classes.empty();
}

Batch write_transaction(const Layout& layout, const Transaction& transaction,
                        const std::vector<PresentTable>& present) {
    constexpr std::size_t kTableBytes = 128 * 1024;
    const auto tables = transaction.create.size() + transaction.rewrite.size();
    Batch batch(layout.table, encoded_size(transaction.remove) + encoded_size(transaction.add) +
                                  tables * kTableBytes);
    uint32_t ids = 0;
    const auto found = [&](Family family) {
        const auto table = std::ranges::find(present, family, &PresentTable::family);
        return table == present.end() ? PresentTable{family, {}, {}} : *table;
    };
    for (const auto& config : transaction.create) {
        TableEncoder encoder(batch, config.family, ids);
        write_creation(batch, encoder, config);
    }
    for (const auto& rewrite : transaction.rewrite) {
        TableEncoder encoder(batch, rewrite.config.family, ids);
        write_rewrite(batch, encoder, rewrite, found(rewrite.config.family));
    }
    for (const auto& flush : transaction.flush) {
        write_flush(batch, flush.family, flush.set);
    }
    for (const auto family : kFamilies) {
        TableEncoder encoder(batch, family, ids);
        write_class_changes(batch, encoder, layout, family, transaction,
                            classes_before(transaction, family, found(family)));
    }
    write_elements(batch, transaction.remove, true);
    write_elements(batch, transaction.add, false);
    return batch;
}

Batch write_silence(const Layout& layout) {
    Batch batch(layout.table);
    uint32_t ids = 0;
    for (const auto family : kFamilies) {
        TableEncoder encoder(batch, family, ids);
        encoder.add_table(nullptr);
        encoder.remove_rules({});
    }
    return batch;
}

Batch write_removal(const Layout& layout) {
    Batch batch(layout.table);
    uint32_t ids = 0;
    for (const auto family : kFamilies) {
        TableEncoder encoder(batch, family, ids);
        write_deletion(encoder);
    }
    return batch;
}

}  // namespace sy::nft
