#include "source/json_path.h"

#include <algorithm>

namespace sy {
namespace {

constexpr std::size_t kMaxKeyText = 64;
constexpr unsigned kMaxDepth = 1024;  // simdjson's own limit

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Walks a JSON text strictly, remembering the first thing that is wrong.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}

    std::size_t offset() const { return pos_; }
    const std::optional<JsonFault>& fault() const { return fault_; }

    void skip_space() {
        while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t' ||
                                       text_[pos_] == '\n' || text_[pos_] == '\r')) {
            ++pos_;
        }
    }
    bool at_end() const { return pos_ >= text_.size(); }
    bool accept(char c) {
        skip_space();
        if (at_end() || text_[pos_] != c) {
            return false;
        }
        ++pos_;
        return true;
    }

    bool value() {
        skip_space();
        if (at_end()) {
            return fail("the text ends where a value belongs");
        }
        switch (text_[pos_]) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true");
            case 'f':
                return word("false");
            case 'n':
                return word("null");
            default:
                return number();
        }
    }

    // A member's key and the colon; the key's raw text (escapes unresolved) goes to `key`.
    bool key(std::string_view& key) {
        skip_space();
        const auto start = pos_ + 1;
        if (at_end() || text_[pos_] != '"') {
            return fail("a key in quotes belongs here");
        }
        if (!string()) {
            return false;
        }
        key = text_.substr(start, pos_ - 1 - start);
        return accept(':') || fail("':' belongs here");
    }

    bool fail(std::string_view reason) {
        if (!fault_) {
            fault_ = JsonFault{std::min(pos_, text_.size()), reason};
        }
        return false;
    }

  private:
    bool object() {
        if (++depth_ > kMaxDepth) {
            return fail("nested too deeply");
        }
        ++pos_;
        if (!accept('}')) {
            do {
                std::string_view ignored;
                if (!key(ignored) || !value()) {
                    return false;
                }
            } while (accept(','));
            if (!accept('}')) {
                return fail("',' or '}' belongs here");
            }
        }
        --depth_;
        return true;
    }
    bool array() {
        if (++depth_ > kMaxDepth) {
            return fail("nested too deeply");
        }
        ++pos_;
        if (!accept(']')) {
            do {
                if (!value()) {
                    return false;
                }
            } while (accept(','));
            if (!accept(']')) {
                return fail("',' or ']' belongs here");
            }
        }
        --depth_;
        return true;
    }
    bool string() {
        for (++pos_; !at_end(); ++pos_) {
            const char c = text_[pos_];
            if (c == '"') {
                ++pos_;
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20) {
                return fail("a string is not closed on its line");
            }
            if (c == '\\' && !escape()) {
                return fail("an unknown escape in a string");
            }
        }
        return fail("a string is not closed");
    }
    // On the backslash; ends on the last character of the escape.
    bool escape() {
        if (++pos_ >= text_.size()) {
            return false;
        }
        if (text_[pos_] != 'u') {
            return std::string_view("\"\\/bfnrt").find(text_[pos_]) != std::string_view::npos;
        }
        const auto digits = text_.substr(pos_ + 1, 4);
        pos_ += digits.size();
        return digits.size() == 4 && std::ranges::all_of(digits, is_hex);
    }
    bool word(std::string_view expected) {
        if (text_.substr(pos_, expected.size()) != expected) {
            return fail("a value belongs here");
        }
        pos_ += expected.size();
        return true;
    }
    std::size_t digits() {
        const auto start = pos_;
        while (!at_end() && is_digit(text_[pos_])) {
            ++pos_;
        }
        return pos_ - start;
    }
    bool number() {
        if (text_[pos_] == '-') {
            ++pos_;
        }
        const bool zero = !at_end() && text_[pos_] == '0';
        const auto whole = digits();
        if (whole == 0) {
            return fail("a value belongs here");
        }
        if (zero && whole > 1) {
            return fail("a number starts with 0");
        }
        if (!at_end() && text_[pos_] == '.') {
            ++pos_;
            if (digits() == 0) {
                return fail("a digit belongs here");
            }
        }
        if (!at_end() && (text_[pos_] == 'e' || text_[pos_] == 'E')) {
            ++pos_;
            if (!at_end() && (text_[pos_] == '+' || text_[pos_] == '-')) {
                ++pos_;
            }
            if (digits() == 0) {
                return fail("a digit belongs here");
            }
        }
        return true;
    }

    std::string_view text_;
    std::size_t pos_ = 0;
    unsigned depth_ = 0;
    std::optional<JsonFault> fault_;
};

// Moves from the start of an object to the value of `wanted`; false if it has none.
bool enter_member(Cursor& cursor, std::string_view wanted) {
    if (!cursor.accept('{')) {
        return false;
    }
    do {
        std::string_view key;
        if (!cursor.key(key)) {
            return false;
        }
        cursor.skip_space();
        if (key == wanted) {
            return true;
        }
    } while (cursor.value() && cursor.accept(','));
    return false;
}

bool enter_element(Cursor& cursor, std::size_t index) {
    if (!cursor.accept('[')) {
        return false;
    }
    for (; index > 0; --index) {
        if (!cursor.value() || !cursor.accept(',')) {
            return false;
        }
    }
    cursor.skip_space();
    return true;
}

bool is_plain_key(std::string_view key) {
    return !key.empty() && std::ranges::all_of(key, [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '-';
    });
}

}  // namespace

std::string to_string(const JsonPath& path) {
    std::string text;
    for (const auto& step : path) {
        if (const auto* index = std::get_if<std::size_t>(&step)) {
            text += '[';
            text += std::to_string(*index);
            text += ']';
            continue;
        }
        const auto& key = std::get<std::string>(step);
        if (is_plain_key(key)) {
            text += text.empty() ? "" : ".";
            text += cut(key, kMaxKeyText);
        } else {
            text += "[\"";
            text += cut(key, kMaxKeyText);
            text += "\"]";
        }
    }
    return text;
}

std::size_t json_offset(std::string_view json, const JsonPath& path) {
    Cursor cursor(json);
    cursor.skip_space();
    auto found = cursor.offset();
    for (const auto& step : path) {
        const auto* index = std::get_if<std::size_t>(&step);
        const bool entered = index != nullptr ? enter_element(cursor, *index)
                                              : enter_member(cursor, std::get<std::string>(step));
        if (!entered) {
            break;
        }
        found = cursor.offset();
    }
    return std::min(found, json.empty() ? 0 : json.size() - 1);
}

std::optional<JsonFault> json_fault(std::string_view json) {
    Cursor cursor(json);
    if (cursor.value()) {
        cursor.skip_space();
        if (!cursor.at_end()) {
            cursor.fail("text follows the end of the JSON value");
        }
    }
    return cursor.fault();
}

std::optional<std::size_t> json_value_end(std::string_view json) {
    Cursor cursor(json);
    if (!cursor.value()) {
        return std::nullopt;
    }
    return cursor.offset();
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

std::string cut(std::string_view text, std::size_t max) {
    if (text.size() <= max) {
        return std::string(text);
    }
    while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0U) == 0x80U) {
        --max;
    }
    return std::string(text.substr(0, max)) + "…";
}

}  // namespace sy
