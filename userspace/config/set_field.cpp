#include "config/set_field.h"

#include <type_traits>

#include "config/schema.h"

namespace sy {
namespace {

template <class T, class Kind>
concept ItemList = requires(std::string_view text, T& out) { add_item(text, out); } &&
                   !std::is_same_v<Kind, CommaList>;

class Setter {
  public:
    Setter(std::string_view path, std::span<const std::string> values)
        : rest_(path), values_(values) {}

    template <class T, class Kind>
    void field(std::string_view name, T& value, Kind kind) {
        if (name != rest_ || values_.empty()) {
            return;
        }
        if constexpr (ItemList<T, Kind>) {
            value = {};
            set_items(value, kind);
        } else {
            fault = parse_text(values_.back(), value, kind);
        }
    }

    template <class Body>
    void section(std::string_view name, Body body) {
        if (rest_.size() <= name.size() || !rest_.starts_with(name) || rest_[name.size()] != '.') {
            return;
        }
        const auto whole = rest_;
        rest_.remove_prefix(name.size() + 1);
        body();
        rest_ = whole;
    }

    Fault fault;

  private:
    template <class T, class Kind>
    void set_items(T& value, Kind /*kind*/) {
        for (const std::string& text : values_) {
            const auto items = std::is_same_v<Kind, Paths> ? std::vector<std::string_view>{text}
                                                           : split_list(text);
            for (const std::string_view item : items) {
                fault = fault ? fault : add_item(item, value);
            }
        }
    }

    std::string_view rest_;
    std::span<const std::string> values_;
};

}  // namespace

std::optional<std::string> set_field(ProxyConfig& config, std::string_view path,
                                     std::span<const std::string> values) {
    Setter setter(path, values);
    visit_fields(config, setter);
    return std::move(setter.fault);
}

}  // namespace sy
