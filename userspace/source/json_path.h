// A place inside a JSON document, and where in the text it stands. Used only to report errors: the
// decoder itself never looks at positions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sy {

/// One step down: a member's key or a list's index.
using JsonStep = std::variant<std::string, std::size_t>;
/// From the root of the document.
using JsonPath = std::vector<JsonStep>;

/// "spec.ports[1].port", `metadata.labels["a.b/c"]`; empty for the root. Keys are untrusted: they
/// are cut to a length that fits a log line.
std::string to_string(const JsonPath& path);

/// Offset of the value at `path`, or of its nearest ancestor that exists. The text should be valid
/// JSON; any other text yields some offset inside it.
std::size_t json_offset(std::string_view json, const JsonPath& path);

/// What is wrong with a text that is not one JSON value.
struct JsonFault {
    std::size_t offset = 0;
    std::string_view reason;
};

/// The first syntax error; nothing if `json` is one value. Does not check UTF-8.
std::optional<JsonFault> json_fault(std::string_view json);

/// Where the first value of `json` ends (one past its last character), leading white space
/// included; nothing if there is none or it is broken.
std::optional<std::size_t> json_value_end(std::string_view json);

/// 1-based line of `offset` in `text`.
std::size_t line_at(std::string_view text, std::size_t offset);

/// `text` cut to `max` bytes at a character boundary, "…" appended if something was cut.
std::string cut(std::string_view text, std::size_t max);

}  // namespace sy
