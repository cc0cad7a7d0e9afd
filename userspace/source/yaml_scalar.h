// What a plain YAML scalar means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sy {

/// The JSON of a plain (unquoted) scalar under the rules in yaml.h: a boolean, null, number or
/// string. Nothing for what JSON cannot say: infinities and "not a number".
std::optional<std::string> plain_scalar_to_json(std::string_view text);

/// `text` as a JSON string, quotes included. Invalid UTF-8 is passed on (and refused later).
std::string json_string(std::string_view text);

}  // namespace sy
