// Interned strings: node and zone names repeat once per endpoint, so endpoints carry a number.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sy {

/// A name interned in a Symbols table. Compare only symbols of one table. 0 means "no name".
enum class Symbol : uint32_t { none = 0 };

/// A list of names interned in a Symbols table. 0 is the empty list.
enum class SymbolList : uint32_t { empty = 0 };

/// Table of interned strings. One per daemon, owned by the composition root, used only on the
/// strand. Entries live as long as the table: it is bounded by the distinct node names, zone names
/// and hint lists a cluster has shown.
class Symbols {
  public:
    Symbols();

    /// The symbol of `text`; the empty text is Symbol::none.
    Symbol intern(std::string_view text);
    /// The list's symbol; order is kept, duplicates too.
    SymbolList intern(std::span<const Symbol> list);

    std::string_view text(Symbol symbol) const;
    std::span<const Symbol> list(SymbolList list) const;
    /// True if `list` names `symbol`.
    bool contains(SymbolList list, Symbol symbol) const;

  private:
    std::deque<std::string> texts_;  // a deque, so that views stay valid
    std::unordered_map<std::string_view, Symbol> by_text_;
    std::deque<std::vector<Symbol>> lists_;
    std::unordered_map<std::string, SymbolList> by_list_;  // key: the list's bytes
};

}  // namespace sy
