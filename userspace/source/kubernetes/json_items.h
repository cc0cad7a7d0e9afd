// Cuts the body of a list or a watch into its objects while it arrives, in constant memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "source/kubernetes/json_scan.h"

namespace sy {

/// Splits a body that comes in pieces of any size; how it is cut makes no difference to the result.
/// Only brackets and quotes of the objects themselves are looked at: their decoder judges the rest.
///
///     items.feed(bytes);
///     while (auto item = items.next()) { … }
class JsonItems {
  public:
    enum class Shape : uint8_t {
        list,   ///< One object; the elements of its member "items".
        watch,  ///< Objects one after the other, each with the members "type" and "object".
    };

    struct Item {
        /// Of a watch event: "ADDED" and so on; cut to kMaxWord.
        std::string_view type;
        /// JSON, empty if it was larger than the limit.
        std::string_view object;
        bool too_large = false;
    };

    /// What a list says besides its items; complete once finish() succeeds.
    struct ListFields {
        std::string kind;
        /// JSON; empty: there was none.
        std::string metadata;
        /// There was a member "items": a list, or null, which is an empty one.
        bool has_items = false;
    };

    /// No API server takes larger objects than this by far.
    static constexpr std::size_t kMaxObject = std::size_t{32} << 20;
    /// No key, kind or type that matters is longer.
    static constexpr std::size_t kMaxWord = 64;

    explicit JsonItems(Shape shape, std::size_t max_object = kMaxObject);

    /// `bytes` must stay valid until next() has returned nothing. Call it only then.
    void feed(std::string_view bytes);
    /// The next object that is complete; nothing: feed more, or the body is broken. What it refers
    /// to is valid until the next call.
    std::optional<Item> next();
    /// The body is no JSON of the expected shape; no item follows.
    const std::optional<Error>& fault() const { return fault_; }
    /// The body has ended. Fails if it was broken or incomplete.
    Result<void> finish() const;
    const ListFields& list() const { return list_; }

  private:
    // What the next byte belongs to.
    enum class At : uint8_t {
        root,
        after_root,
        first_key,
        key,
        in_key,
        colon,
        value,
        first_item,
        item,
        in_nested,
        in_string,
        in_scalar,
        after_member,
        after_item,
    };
    // What is to become of a value.
    enum class Use : uint8_t { none, type, object, kind, metadata, items, item };

    void step();
    void in_root(char c);
    void in_member(char c);
    void in_items(char c);
    void take_key();
    void end_key();
    void begin_value(char c);
    void scan_value();
    void scan_word();
    void end_nested();
    void end_word();
    void end_root();
    void save_rest();
    std::string_view value_so_far();
    void expect(bool good, const char* what);

    Shape shape_;
    std::size_t max_object_;
    At at_ = At::root;
    Use use_ = Use::none;
    JsonNesting nesting_;
    bool escapes_ = false;  // in a string: the next byte follows a backslash
    std::string_view bytes_;
    std::size_t pos_ = 0;
    uint64_t fed_before_ = 0;
    // A nested value: what of it is in bytes_ starts at begin_, what came before is in carry_.
    std::size_t begin_ = 0;
    std::size_t carried_ = 0;  // its size, even if carry_ no longer keeps it
    std::string carry_;
    std::string key_;
    std::string word_;  // any other value: the beginning of it, without quotes
    // A watch event until its end.
    std::string type_;
    std::string_view object_;
    bool has_object_ = false;
    bool object_too_large_ = false;
    std::optional<Item> ready_;
    ListFields list_;
    std::optional<Error> fault_;
};

}  // namespace sy
