#include "kube/config_field.h"

#include <utility>

#include "base/text.h"
#include "kube/base64.h"

namespace sy {

ConfigField::ConfigField(ConfigText& text, JsonPath path,
                         std::optional<simdjson::dom::element> value)
    : text_(&text),
      path_(std::move(path)),
      value_(value && !value->is_null() ? value : std::nullopt) {}

ConfigField ConfigField::at(JsonStep step, std::optional<simdjson::dom::element> value) const {
    JsonPath path = path_;
    path.push_back(std::move(step));
    return {*text_, std::move(path), value};
}

std::string ConfigField::place() const {
    const auto line = line_at(text_->json, json_offset(text_->json, path_));
    return text_->file + ':' + std::to_string(text_->first_line + line - 1);
}

void ConfigField::fail(std::string reason) const {
    if (!text_->fault) {
        const auto field = name();
        text_->fault = Error{field.empty() ? std::move(reason) : field + ": " + reason, place()};
    }
}

ConfigField ConfigField::member(std::string_view key) const {
    std::optional<simdjson::dom::element> found;
    if (value_) {
        simdjson::dom::object object;
        if (value_->get(object) != simdjson::SUCCESS) {
            fail("an object with fields belongs here");
            return at(std::string(key), std::nullopt);
        }
        for (const auto& [name, value] : object) {
            if (name == key && found) {
                at(std::string(key), found).fail("is given twice: keep one");
            }
            if (name == key) {
                found = value;
            }
        }
    }
    return at(std::string(key), found);
}

std::vector<ConfigField> ConfigField::elements() const {
    std::vector<ConfigField> result;
    if (!value_) {
        return result;
    }
    simdjson::dom::array list;
    if (value_->get(list) != simdjson::SUCCESS) {
        fail("a list belongs here");
        return result;
    }
    for (const auto element : list) {
        result.push_back(at(result.size(), element));
    }
    return result;
}

std::string ConfigField::text() const {
    if (!value_) {
        return {};
    }
    std::string_view text;
    if (value_->get(text) != simdjson::SUCCESS) {
        const bool scalar = !value_->is_array() && !value_->is_object();
        fail(scalar ? "text belongs here: put it in quotes" : "text belongs here");
    }
    return std::string(text);
}

bool ConfigField::boolean() const {
    bool value = false;
    if (value_ && value_->get(value) != simdjson::SUCCESS) {
        fail("true or false belongs here");
    }
    return value;
}

std::string ConfigField::decoded() const {
    auto bytes = from_base64(text());
    if (!bytes) {
        fail("is no base64");
        return {};
    }
    return std::move(*bytes);
}

std::string ConfigField::json() const {
    return value_ ? std::string(simdjson::minify(*value_)) : std::string();
}

}  // namespace sy
