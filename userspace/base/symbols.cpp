#include "base/symbols.h"

#include <algorithm>

namespace sy {

Symbols::Symbols() {
    texts_.emplace_back();
    lists_.emplace_back();
}

Symbol Symbols::intern(std::string_view text) {
    if (text.empty()) {
        return Symbol::none;
    }
    if (const auto found = by_text_.find(text); found != by_text_.end()) {
        return found->second;
    }
    const auto symbol = static_cast<Symbol>(texts_.size());
    by_text_.emplace(texts_.emplace_back(text), symbol);
    return symbol;
}

SymbolList Symbols::intern(std::span<const Symbol> list) {
    if (list.empty()) {
        return SymbolList::empty;
    }
    std::string key(reinterpret_cast<const char*>(list.data()), list.size_bytes());
    const auto [entry, is_new] =
        by_list_.try_emplace(std::move(key), static_cast<SymbolList>(lists_.size()));
    if (is_new) {
        lists_.emplace_back(list.begin(), list.end());
    }
    return entry->second;
}

std::string_view Symbols::text(Symbol symbol) const {
    return texts_.at(static_cast<std::size_t>(symbol));
}

std::span<const Symbol> Symbols::list(SymbolList list) const {
    return lists_.at(static_cast<std::size_t>(list));
}

bool Symbols::contains(SymbolList list, Symbol symbol) const {
    const auto names = this->list(list);
    return std::ranges::find(names, symbol) != names.end();
}

}  // namespace sy
