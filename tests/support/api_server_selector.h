// Label and field selectors of lists and watches.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sy::lab {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// What a selector may ask of an object.
struct Selectable {
    std::string_view ns;
    std::string_view name;
    /// spec.clusterIP of a Service, spec.nodeName of a Pod; else empty.
    std::string_view spec_field;
    const Labels& labels;
};

/// All requirements of both selectors of a request.
class Selector {
  public:
    Selector() = default;
    /// As in the query, unescaped. Nothing where one is malformed or asks for an unknown field.
    static std::optional<Selector> parse(std::string_view labels, std::string_view fields);

    bool matches(const Selectable& object) const;
    bool empty() const { return requirements_.empty(); }

  private:
    enum class Test : unsigned char { exists, absent, equal, unequal };
    struct Requirement {
        bool is_field = false;
        Test test = Test::exists;
        std::string key;
        std::string value;
    };
    static std::optional<Requirement> parse_one(std::string_view text, bool is_field);

    std::vector<Requirement> requirements_;
};

}  // namespace sy::lab
