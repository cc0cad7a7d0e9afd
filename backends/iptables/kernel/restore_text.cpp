#include "backends/iptables/kernel/restore_text.h"

#include <algorithm>
#include <utility>

#include "backends/iptables/kernel/saved.h"
#include "base/text.h"

namespace sy::iptables {
namespace {

// XT_EXTENSION_MAXNAMELEN without the terminating zero.
constexpr std::size_t kLongestName = 28;

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    });
}

bool is_ours(std::string_view chain) {
    return chain.starts_with(kChainPrefix) && is_name(chain);
}

/// The programs end a word at a space and a rule at the end of the line.
bool is_rule(std::string_view rule) {
    return !rule.empty() &&
           std::ranges::all_of(rule, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

std::unexpected<Error> refused(std::string_view what, std::string_view text) {
    return fail("is refused as " + std::string(what) + " of a chain", printable(text));
}

Result<void> check(const std::vector<Chain>& chains) {
    for (const Chain& chain : chains) {
        if (!is_ours(chain.name)) {
            return refused("the name", chain.name);
        }
        for (const std::string& rule : chain.rules) {
            if (!is_rule(rule)) {
                return refused("a rule", rule);
            }
        }
    }
    return {};
}

Result<void> check(const std::vector<Jump>& jumps, Table table) {
    for (const Jump& jump : jumps) {
        if (!is_name(jump.chain) || is_ours(jump.chain) || jump.table != table) {
            return refused("the name", jump.chain);
        }
        if (!is_rule(jump.rule)) {
            return refused("a rule", jump.rule);
        }
    }
    return {};
}

bool same_place(const Jump& a, const Jump& b) {
    return a.table == b.table && a.chain == b.chain && a.rule == b.rule;
}

bool contains(const std::vector<Jump>& jumps, const Jump& jump) {
    return std::ranges::any_of(jumps, [&](const Jump& other) { return same_place(other, jump); });
}

/// Lines of one table, cut into blocks.
class Writer {
  public:
    Writer(Table table, std::size_t chains_per_block)
        : header_("*" + std::string(to_string(table)) + "\n"), limit_(chains_per_block) {}

    /// Makes room for another chain in this block, or begins the next.
    void count_chain() {
        if (limit_ != 0 && chains_ == limit_) {
            end();
        }
        ++chains_;
    }
    template <class... Words>
    void line(const Words&... words) {
        if (!open_) {
            out_.text += header_;
            open_ = true;
        }
        (out_.text.append(words), ...);
        out_.text += '\n';
    }
    void end() {
        if (open_) {
            out_.text += "COMMIT\n";
            ++out_.commits;
        }
        open_ = false;
        chains_ = 0;
    }
    RestoreText take() {
        end();
        return std::move(out_);
    }

  private:
    RestoreText out_;
    std::string header_;
    std::size_t limit_;
    std::size_t chains_ = 0;
    bool open_ = false;
};

/// Declaring a chain empties it.
void declare(Writer& writer, std::string_view chain) {
    writer.count_chain();
    writer.line(":", chain, " - [0:0]");
}

void unhook(Writer& writer, const Jump& jump) {
    writer.line("-D ", jump.chain, " ", jump.rule);
}

void remove(Writer& writer, const std::vector<std::string>& chains) {
    for (const std::string& chain : chains) {
        declare(writer, chain);
    }
    for (const std::string& chain : chains) {
        writer.count_chain();
        writer.line("-X ", chain);
    }
}

void hook(Writer& writer, const std::vector<Jump>& jumps) {
    // Each goes before all others, so the last written is the first.
    for (auto jump = jumps.rbegin(); jump != jumps.rend(); ++jump) {
        if (jump->first) {
            writer.line("-I ", jump->chain, " 1 ", jump->rule);
        }
    }
    for (const Jump& jump : jumps) {
        if (!jump.first) {
            writer.line("-A ", jump.chain, " ", jump.rule);
        }
    }
}

}  // namespace

std::string_view to_string(Table table) {
    return table == Table::nat ? "nat" : "filter";
}

Result<RestoreText> restore_text(const Restore& restore, const std::vector<Jump>& present,
                                 std::size_t chains_per_block) {
    std::vector<Chain> doomed;
    doomed.reserve(restore.remove.size());
    for (const std::string& name : restore.remove) {
        doomed.push_back({name, {}});
    }
    for (const auto& checked :
         {check(restore.write), check(doomed), check(restore.hook, restore.table),
          check(restore.unhook, restore.table)}) {
        if (!checked) {
            return std::unexpected(checked.error());
        }
    }
    Writer writer(restore.table, chains_per_block);
    for (const Jump& jump : present) {
        if (contains(restore.unhook, jump)) {
            unhook(writer, jump);
        }
    }
    for (const Chain& chain : restore.write) {
        declare(writer, chain.name);
        for (const std::string& rule : chain.rules) {
            writer.line("-A ", chain.name, " ", rule);
        }
    }
    for (const Jump& jump : present) {
        if (contains(restore.hook, jump) && !contains(restore.unhook, jump)) {
            unhook(writer, jump);
        }
    }
    hook(writer, restore.hook);
    remove(writer, restore.remove);
    return writer.take();
}

Result<RestoreText> removal_text(Family family, Table table, const std::vector<Jump>& jumps,
                                 const std::vector<Chain>& chains, std::size_t chains_per_block) {
    Restore restore;
    restore.family = family;
    restore.table = table;
    for (const Jump& jump : jumps) {
        if (jump.table == table) {
            restore.unhook.push_back(jump);
        }
    }
    for (const Chain& chain : chains) {
        restore.remove.push_back(chain.name);
    }
    return restore_text(restore, jumps, chains_per_block);
}

}  // namespace sy::iptables
