#include "source/field.h"

#include <algorithm>
#include <utility>

namespace sy {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kMaxQuoted = 64;
// Per object: a list of a million broken addresses must not become a million log lines.
constexpr std::size_t kMaxWarnings = 16;

}  // namespace

std::string in_quotes(std::string_view text) {
    return '"' + cut(text, kMaxQuoted) + '"';
}

Field::Field(Findings& findings, element value)
    : findings_(&findings), present_(!value.is_null()), value_(value) {}

Field::Field(const Field& parent, std::string_view key, std::optional<element> value)
    : findings_(parent.findings_),
      parent_(&parent),
      key_(key),
      present_(value && !value->is_null()),
      value_(value.value_or(element{})) {}

Field::Field(const Field& parent, std::size_t index, element value)
    : findings_(parent.findings_),
      parent_(&parent),
      index_(index),
      present_(!value.is_null()),
      value_(value) {}

JsonPath Field::path() const {
    JsonPath path;
    for (const auto* field = this; field->parent_ != nullptr; field = field->parent_) {
        if (field->key_.data() != nullptr) {
            path.emplace_back(std::string(field->key_));
        } else {
            path.emplace_back(field->index_);
        }
    }
    std::ranges::reverse(path);
    return path;
}

void Field::fail(std::string reason) const {
    if (!findings_->fault) {
        findings_->fault = Finding{path(), std::move(reason)};
    }
}

void Field::warn(std::string reason) const {
    if (findings_->warnings.size() == kMaxWarnings) {
        ++findings_->warnings_left_out;
        return;
    }
    findings_->warnings.push_back({path(), std::move(reason)});
}

std::string Field::found() const {
    switch (value_.type()) {
        case element_type::ARRAY:
            return "this is a list";
        case element_type::OBJECT:
            return "this is an object";
        case element_type::STRING:
            return in_quotes(std::string_view(value_.get_string().value_unsafe())) + " is text";
        case element_type::BOOL:
            return value_.get_bool().value_unsafe() ? "true is a boolean" : "false is a boolean";
        case element_type::INT64:
            return std::to_string(value_.get_int64().value_unsafe()) + " is a number";
        case element_type::UINT64:
            return std::to_string(value_.get_uint64().value_unsafe()) + " is a number";
        case element_type::DOUBLE:
            return "this is a number with a fraction or an exponent";
        case element_type::NULL_VALUE:
            break;
    }
    return "this is null";
}

Field Field::member(std::string_view key) const {
    if (!present_) {
        return {*this, key, std::nullopt};
    }
    simdjson::dom::object object;
    if (value_.get(object) != simdjson::SUCCESS) {
        fail(found() + " where an object belongs");
        return {*this, key, std::nullopt};
    }
    std::optional<element> value;
    bool twice = false;
    for (const auto& [name, candidate] : object) {
        if (name == key) {
            twice = twice || value.has_value();
            value = candidate;
        }
    }
    if (twice) {
        Field(*this, key, value).fail("is given twice: keep one");
    }
    return {*this, key, value};
}

std::string_view Field::text() const {
    if (!present_) {
        return {};
    }
    std::string_view text;
    if (value_.get(text) != simdjson::SUCCESS) {
        const bool scalar = !value_.is_array() && !value_.is_object();
        fail(found() + " where text belongs" + (scalar ? ": put it in quotes" : ""));
    }
    return text;
}

std::string_view Field::text_if_any() const {
    std::string_view text;
    if (!present_ || value_.get(text) != simdjson::SUCCESS) {
        return {};
    }
    return text;
}

std::optional<bool> Field::boolean() const {
    if (!present_) {
        return std::nullopt;
    }
    bool value = false;
    if (value_.get(value) != simdjson::SUCCESS) {
        fail(found() + " where true or false belongs");
        return std::nullopt;
    }
    return value;
}

std::optional<uint32_t> Field::integer(uint32_t min, uint32_t max, std::string_view what) const {
    const auto value = number(min, max, what);
    return value ? std::optional(static_cast<uint32_t>(*value)) : std::nullopt;
}

std::optional<int64_t> Field::number(int64_t min, int64_t max, std::string_view what) const {
    if (!present_) {
        return std::nullopt;
    }
    const auto range = std::string(what) + " is a whole number from " + std::to_string(min) +
                       " to " + std::to_string(max);
    int64_t value = 0;
    if (value_.get(value) != simdjson::SUCCESS) {
        fail(found() + ": " + range + (value_.is_string() ? ", without quotes" : ""));
        return std::nullopt;
    }
    if (value < min || value > max) {
        fail(std::to_string(value) + " is out of range: " + range);
        return std::nullopt;
    }
    return value;
}

std::optional<double> Field::real() const {
    if (!present_) {
        return std::nullopt;
    }
    double value = 0;
    if (value_.get(value) != simdjson::SUCCESS) {
        fail(found() + " where a number belongs");
        return std::nullopt;
    }
    return value;
}

std::optional<simdjson::dom::array> Field::elements() const {
    if (!present_) {
        return std::nullopt;
    }
    simdjson::dom::array list;
    if (value_.get(list) != simdjson::SUCCESS) {
        fail(found() + " where a list belongs");
        return std::nullopt;
    }
    return list;
}

std::optional<simdjson::dom::object> Field::members() const {
    if (!present_) {
        return std::nullopt;
    }
    simdjson::dom::object object;
    if (value_.get(object) != simdjson::SUCCESS) {
        fail(found() + " where an object belongs");
        return std::nullopt;
    }
    return object;
}

}  // namespace sy
