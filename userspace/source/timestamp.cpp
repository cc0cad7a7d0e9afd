#include "source/timestamp.h"

#include <charconv>

namespace sy {
namespace {

/// Takes pieces off the front of a text; after the first failure nothing more is taken.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    /// Exactly `digits` digits.
    int number(std::size_t digits) {
        int value = 0;
        if (rest_.size() < digits) {
            ok_ = false;
            return 0;
        }
        const auto* end = rest_.data() + digits;
        const auto [stopped, error] = std::from_chars(rest_.data(), end, value);
        ok_ = ok_ && error == std::errc() && stopped == end && rest_.front() != '-';
        rest_.remove_prefix(digits);
        return value;
    }
    bool next_is(std::string_view any_of) const {
        return !rest_.empty() && any_of.find(rest_.front()) != std::string_view::npos;
    }
    char one_of(std::string_view characters) {
        if (!next_is(characters)) {
            ok_ = false;
            return 0;
        }
        const char found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }
    /// At least one digit, as nanoseconds.
    std::chrono::nanoseconds fraction() {
        std::chrono::nanoseconds value{0};
        std::chrono::nanoseconds unit = std::chrono::seconds(1);
        ok_ = ok_ && next_is(kDigits);
        while (next_is(kDigits)) {
            unit /= 10;
            value += unit * (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }
    /// Everything was taken and was what it should be.
    bool done() const { return ok_ && rest_.empty(); }

  private:
    static constexpr std::string_view kDigits = "0123456789";

    std::string_view rest_;
    bool ok_ = true;
};

std::chrono::minutes zone_offset(Scanner& in) {
    const char sign = in.one_of("Zz+-");
    if (sign != '+' && sign != '-') {
        return std::chrono::minutes(0);
    }
    const std::chrono::hours hours(in.number(2));
    in.one_of(":");
    const auto offset = hours + std::chrono::minutes(in.number(2));
    return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) {
    namespace c = std::chrono;
    Scanner in(text);
    const c::year y(in.number(4));
    in.one_of("-");
    const c::month m(static_cast<unsigned>(in.number(2)));
    in.one_of("-");
    const c::day d(static_cast<unsigned>(in.number(2)));
    in.one_of("Tt");
    const int hour = in.number(2);
    in.one_of(":");
    const int minute = in.number(2);
    in.one_of(":");
    const int second = in.number(2);
    c::nanoseconds fraction{0};
    if (in.next_is(".")) {
        in.one_of(".");
        fraction = in.fraction();
    }
    const auto offset = zone_offset(in);
    const c::year_month_day date(y, m, d);
    // Outside these years the clock's nanoseconds overflow.
    const bool in_range = y > c::year(1700) && y < c::year(2200);
    if (!in.done() || !date.ok() || !in_range || hour > 23 || minute > 59 || second > 60) {
        return std::nullopt;
    }
    return c::sys_days(date) + c::hours(hour) + c::minutes(minute) + c::seconds(second) + fraction -
           offset;
}

}  // namespace sy
