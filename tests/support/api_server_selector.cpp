#include "tests/support/api_server_selector.h"

#include <algorithm>
#include <array>

namespace sy::lab {
namespace {

constexpr std::array<std::string_view, 4> kFields{"metadata.name", "metadata.namespace",
                                                  "spec.clusterIP", "spec.nodeName"};

std::string_view field(const Selectable& object, std::string_view key) {
    if (key == kFields[0]) {
        return object.name;
    }
    return key == kFields[1] ? object.ns : object.spec_field;
}

std::optional<std::string_view> label(const Selectable& object, std::string_view key) {
    for (const auto& [name, value] : object.labels) {
        if (name == key) {
            return value;
        }
    }
    return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

std::optional<Selector::Requirement> Selector::parse_one(std::string_view text, bool is_field) {
    Requirement result;
    result.is_field = is_field;
    const std::size_t sign = text.find('=');
    if (sign == std::string_view::npos) {
        result.test = text.starts_with('!') ? Test::absent : Test::exists;
        result.key = trimmed(text.substr(result.test == Test::absent ? 1 : 0));
        if (is_field) {
            return std::nullopt;
        }
    } else {
        const bool unequal = sign > 0 && text[sign - 1] == '!';
        result.test = unequal ? Test::unequal : Test::equal;
        result.key = trimmed(text.substr(0, sign - (unequal ? 1 : 0)));
        std::string_view value = text.substr(sign + 1);
        if (!unequal && value.starts_with('=')) {
            value.remove_prefix(1);
        }
        result.value = trimmed(value);
    }
    const bool known =
        !is_field || std::find(kFields.begin(), kFields.end(), result.key) != kFields.end();
    if (!known || result.key.empty() || result.key.find_first_of(" (),!") != std::string::npos) {
        return std::nullopt;
    }
    return result;
}

std::optional<Selector> Selector::parse(std::string_view labels, std::string_view fields) {
    Selector result;
    for (const bool is_field : {false, true}) {
        std::string_view rest = is_field ? fields : labels;
        while (!rest.empty()) {
            const std::size_t comma = rest.find(',');
            std::optional<Requirement> one = parse_one(trimmed(rest.substr(0, comma)), is_field);
            if (!one) {
                return std::nullopt;
            }
            result.requirements_.push_back(std::move(*one));
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        }
    }
    return result;
}

bool Selector::matches(const Selectable& object) const {
    return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& each) {
        const std::optional<std::string_view> value =
            each.is_field ? field(object, each.key) : label(object, each.key);
        switch (each.test) {
            case Test::exists:
                return value.has_value();
            case Test::absent:
                return !value.has_value();
            case Test::equal:
                return value == each.value;
            case Test::unequal:
                break;
        }
        return value != each.value;
    });
}

}  // namespace sy::lab
