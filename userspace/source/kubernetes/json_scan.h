// Finds where a JSON object or list ends, 64 bytes at a time. Looks at quotes, backslashes and
// brackets only: whoever parses the value judges the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sy {

/// Where the characters that matter stand in 64 bytes, one bit each.
struct JsonMarks {
    uint64_t quotes = 0;
    uint64_t backslashes = 0;
    uint64_t opening = 0;  // { and [
    uint64_t closing = 0;  // } and ]

    friend bool operator==(const JsonMarks&, const JsonMarks&) = default;
};

/// `bytes` are 64. Uses the vector instructions every machine of this architecture has.
JsonMarks json_marks(const char* bytes);
/// The same, slowly, for architectures without, and to compare with.
JsonMarks json_marks_plain(const char* bytes);

/// Walks through one object or list that arrives in pieces.
class JsonNesting {
  public:
    /// Starts before an opening bracket.
    void begin() { *this = {}; }
    /// How many bytes of `text` belong to the value: all of them unless it ends in there.
    std::size_t take(std::string_view text);
    /// The bracket that closes the value was taken.
    bool ended() const { return ended_; }

  private:
    std::size_t take_block(const char* block, std::size_t size);
    uint64_t escaped(uint64_t backslashes, std::size_t size);
    std::size_t find_end(uint64_t opening, uint64_t closing, std::size_t size);

    uint64_t depth_ = 0;
    uint64_t in_string_ = 0;  // all ones: the next byte is inside a string
    uint64_t escapes_ = 0;    // 1: the next byte follows a backslash that counts
    bool ended_ = false;
};

}  // namespace sy
