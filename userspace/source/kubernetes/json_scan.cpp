#include "source/kubernetes/json_scan.h"

#include <array>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sy {
namespace {

constexpr std::size_t kBlock = 64;
// { and [, } and ] differ by this bit alone.
constexpr char kCaseBit = 0x20;

// Bit i tells whether an odd number of the bits 0..i of `bits` is set.
uint64_t parity_up_to(uint64_t bits) {
    for (unsigned shift = 1; shift < 64; shift *= 2) {
        bits ^= bits << shift;
    }
    return bits;
}

// std::popcount is a call into a library on the x86-64 that all machines have in common.
uint64_t count_bits(uint64_t bits) {
    bits -= (bits >> 1) & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + ((bits >> 2) & 0x3333333333333333);
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0F;
    return (bits * 0x0101010101010101) >> 56;
}

}  // namespace

JsonMarks json_marks_plain(const char* bytes) {
    JsonMarks marks;
    for (std::size_t i = 0; i < kBlock; ++i) {
        const uint64_t bit = uint64_t{1} << i;
        const char c = bytes[i];
        marks.quotes |= c == '"' ? bit : 0;
        marks.backslashes |= c == '\\' ? bit : 0;
        marks.opening |= (c | kCaseBit) == '{' ? bit : 0;
        marks.closing |= (c | kCaseBit) == '}' ? bit : 0;
    }
    return marks;
}

#ifdef __SSE2__
namespace {

constexpr std::size_t kLane = 16;

uint64_t equal(__m128i bytes, char wanted) {
    const auto mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted)));
    return static_cast<uint64_t>(static_cast<uint32_t>(mask));
}

}  // namespace

JsonMarks json_marks(const char* bytes) {
    JsonMarks marks;
    for (std::size_t at = 0; at < kBlock; at += kLane) {
        const auto lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
        const auto folded = _mm_or_si128(lane, _mm_set1_epi8(kCaseBit));
        marks.quotes |= equal(lane, '"') << at;
        marks.backslashes |= equal(lane, '\\') << at;
        marks.opening |= equal(folded, '{') << at;
        marks.closing |= equal(folded, '}') << at;
    }
    return marks;
}
#else
JsonMarks json_marks(const char* bytes) {
    return json_marks_plain(bytes);
}
#endif

std::size_t JsonNesting::take(std::string_view text) {
    std::size_t done = 0;
    while (text.size() - done >= kBlock) {
        done += take_block(text.data() + done, kBlock);
        if (ended_) {
            return done;
        }
    }
    if (const auto rest = text.size() - done; rest > 0) {
        std::array<char, kBlock> block;
        block.fill(' ');
        std::memcpy(block.data(), text.data() + done, rest);
        done += take_block(block.data(), rest);
    }
    return done;
}

// What follows `size` in the block is spaces, which mean nothing inside strings and outside.
std::size_t JsonNesting::take_block(const char* block, std::size_t size) {
    const auto marks = json_marks(block);
    const auto quotes = marks.quotes & ~escaped(marks.backslashes, size);
    const auto in_string = parity_up_to(quotes) ^ in_string_;
    in_string_ = (in_string >> (kBlock - 1)) != 0 ? ~uint64_t{0} : 0;
    const auto opening = marks.opening & ~in_string;
    const auto closing = marks.closing & ~in_string;
    const auto closings = count_bits(closing);
    if (depth_ > closings) {
        depth_ += count_bits(opening) - closings;
        return size;
    }
    return find_end(opening, closing, size);
}

// The bytes that a backslash before them takes the meaning from.
uint64_t JsonNesting::escaped(uint64_t backslashes, std::size_t size) {
    uint64_t escaped = escapes_;
    escapes_ = 0;
    auto rest = backslashes & ~escaped;
    while (rest != 0) {
        const auto at = static_cast<std::size_t>(std::countr_zero(rest));
        if (at + 1 == size) {
            escapes_ = 1;
            break;
        }
        escaped |= uint64_t{2} << at;
        rest &= ~(uint64_t{3} << at);
    }
    return escaped;
}

std::size_t JsonNesting::find_end(uint64_t opening, uint64_t closing, std::size_t size) {
    for (auto both = opening | closing; both != 0; both &= both - 1) {
        const auto bit = both & (~both + 1);
        if ((opening & bit) != 0) {
            ++depth_;
        } else if (--depth_ == 0) {
            ended_ = true;
            return static_cast<std::size_t>(std::countr_zero(bit)) + 1;
        }
    }
    return size;
}

}  // namespace sy
