// Reading JSON values field by field while remembering where one is. Internal to the decoder.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/decode.h"

namespace sy {

/// What was found wrong while one object is decoded. The first fault stands; decoding goes on
/// after it with defaults, so that readers need no branch per field, and the result is thrown away.
struct Findings {
    std::optional<Finding> fault;
    std::vector<Finding> warnings;
    std::size_t warnings_left_out = 0;
};

/// A JSON value, or the absence of one (null counts as absent, as everywhere in Kubernetes), with
/// its place. Refers to its parent: keep the parent alive, which `const Field x = y.member("x")`
/// on the stack does.
class Field {
  public:
    /// The root of a document.
    Field(Findings& findings, simdjson::dom::element value);
    Field(const Field&) = delete;
    Field& operator=(const Field&) = delete;

    bool present() const { return present_; }

    /// A member of this object. A fault if this is something else or names the key twice.
    Field member(std::string_view key) const;
    /// Text, "" if absent; a fault if it is something else. Valid as long as the document.
    std::string_view text() const;
    /// Text; "" if absent or something else, which is no fault.
    std::string_view text_if_any() const;
    std::optional<bool> boolean() const;
    /// A whole number from `min` to `max`; anything else is a fault. `what` names what it is.
    std::optional<uint32_t> integer(uint32_t min, uint32_t max, std::string_view what) const;
    std::optional<int64_t> number(int64_t min, int64_t max, std::string_view what) const;
    /// Any number; anything else is a fault.
    std::optional<double> real() const;
    bool is_text() const { return present_ && value_.is_string(); }
    /// What stands here, for a message: "\"x\" is text", "5 is a number".
    std::string found() const;
    /// Calls `visit(const Field&)` for every element of this list, absent ones included.
    template <class Visit>
    void each(Visit&& visit) const {
        const auto list = elements();
        if (!list) {
            return;
        }
        std::size_t index = 0;
        for (const auto element : *list) {
            visit(Field(*this, index++, element));
        }
    }

    /// Calls `visit(std::string_view key, const Field&)` for every member of this object.
    template <class Visit>
    void each_member(Visit&& visit) const {
        const auto object = members();
        if (!object) {
            return;
        }
        for (const auto& [key, value] : *object) {
            visit(key, Field(*this, key, value));
        }
    }

    void fail(std::string reason) const;
    void warn(std::string reason) const;
    JsonPath path() const;

  private:
    Field(const Field& parent, std::string_view key, std::optional<simdjson::dom::element> value);
    Field(const Field& parent, std::size_t index, simdjson::dom::element value);
    std::optional<simdjson::dom::array> elements() const;
    std::optional<simdjson::dom::object> members() const;

    Findings* findings_;
    const Field* parent_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
    bool present_ = false;
    simdjson::dom::element value_;
};

/// `text` in quotes, cut to a length that fits a log line.
std::string in_quotes(std::string_view text);

}  // namespace sy
