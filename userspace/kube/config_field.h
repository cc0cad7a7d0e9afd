// Reading a kubeconfig field by field while remembering where one is, so that an error can name
// file, line and field.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "source/json_path.h"

namespace sy {

/// The text fields come from, and the first fault found in it. Reading goes on after a fault with
/// defaults, so that readers need no branch per field; the result is thrown away.
struct ConfigText {
    std::string file;
    std::string json;
    /// Of `json` in the file, 1-based.
    std::size_t first_line = 1;
    std::optional<Error> fault;
};

/// A value of the document, or the absence of one; null counts as absent.
class ConfigField {
  public:
    ConfigField(ConfigText& text, simdjson::dom::element root) : ConfigField(text, {}, root) {}

    bool present() const { return value_.has_value(); }
    bool is_text() const { return value_ && value_->is_string(); }

    /// A member of this object. A fault if this is something else or names the key twice.
    ConfigField member(std::string_view key) const;
    /// Elements of this list; none if it is absent.
    std::vector<ConfigField> elements() const;
    /// "" if absent; a fault if this is no text.
    std::string text() const;
    /// False if absent.
    bool boolean() const;
    /// The decoded bytes of base64 text; a fault if it is something else.
    std::string decoded() const;
    /// The value as JSON; empty if absent.
    std::string json() const;

    /// Records a fault here.
    void fail(std::string reason) const;
    /// "file:line", for warnings.
    std::string place() const;
    std::string name() const { return to_string(path_); }

  private:
    ConfigField(ConfigText& text, JsonPath path, std::optional<simdjson::dom::element> value);
    ConfigField at(JsonStep step, std::optional<simdjson::dom::element> value) const;

    ConfigText* text_;
    JsonPath path_;
    std::optional<simdjson::dom::element> value_;
};

}  // namespace sy
