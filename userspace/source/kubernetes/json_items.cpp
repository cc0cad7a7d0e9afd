#include "source/kubernetes/json_items.h"

namespace sy {
namespace {

// Of the metadata of a list.
constexpr std::size_t kMaxMetadata = std::size_t{1} << 20;
// What is set aside between two pieces keeps its memory up to this size.
constexpr std::size_t kKeepMemory = std::size_t{1} << 18;

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_scalar(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
           c == '.';
}

}  // namespace

JsonItems::JsonItems(Shape shape, std::size_t max_object)
    : shape_(shape), max_object_(max_object) {}

void JsonItems::feed(std::string_view bytes) {
    fed_before_ += bytes_.size();
    bytes_ = bytes;
    pos_ = 0;
    begin_ = 0;
}

std::optional<JsonItems::Item> JsonItems::next() {
    ready_.reset();
    while (pos_ < bytes_.size() && !ready_ && !fault_) {
        step();
    }
    if (fault_) {
        return std::nullopt;
    }
    if (!ready_) {
        save_rest();
    }
    return ready_;
}

void JsonItems::expect(bool good, const char* what) {
    if (!good && !fault_) {
        fault_ = Error{"broken JSON at byte " + std::to_string(fed_before_ + pos_) + ": " + what +
                           " belongs there",
                       {},
                       0};
    }
}

Result<void> JsonItems::finish() const {
    if (fault_) {
        return std::unexpected(*fault_);
    }
    const bool between = shape_ == Shape::watch && at_ == At::root;
    if (!between && at_ != At::after_root) {
        return fail("the answer is incomplete: it ends after byte " +
                    std::to_string(fed_before_ + bytes_.size()));
    }
    return {};
}

void JsonItems::step() {
    if (at_ >= At::in_nested && at_ <= At::in_scalar) {
        scan_value();
        return;
    }
    if (at_ == At::in_key) {
        take_key();
        return;
    }
    const char c = bytes_[pos_];
    if (is_space(c)) {
        ++pos_;
        return;
    }
    switch (at_) {
        case At::root:
        case At::after_root:
            in_root(c);
            break;
        case At::first_item:
        case At::item:
        case At::after_item:
            in_items(c);
            break;
        default:
            in_member(c);
    }
}

void JsonItems::in_root(char c) {
    expect(at_ == At::root, "nothing more");
    expect(c == '{', "an object");
    type_.clear();
    at_ = At::first_key;
    ++pos_;
}

void JsonItems::in_member(char c) {
    switch (at_) {
        case At::first_key:
        case At::key:
            if (c == '}' && at_ == At::first_key) {
                end_root();
                break;
            }
            expect(c == '"', "a key");
            key_.clear();
            escapes_ = false;
            at_ = At::in_key;
            break;
        case At::colon:
            expect(c == ':', "a colon");
            at_ = At::value;
            break;
        case At::value:
            begin_value(c);
            return;
        default:
            if (c == '}') {
                end_root();
                break;
            }
            expect(c == ',', "a comma or the end of the object");
            at_ = At::key;
    }
    ++pos_;
}

void JsonItems::in_items(char c) {
    if (c == ']' && at_ != At::item) {
        at_ = At::after_member;
        ++pos_;
        return;
    }
    if (at_ == At::after_item) {
        expect(c == ',', "a comma or the end of the list");
        at_ = At::item;
        ++pos_;
        return;
    }
    use_ = Use::item;
    begin_value(c);
}

void JsonItems::take_key() {
    for (; pos_ < bytes_.size(); ++pos_) {
        const char c = bytes_[pos_];
        if (c == '"' && !escapes_) {
            ++pos_;
            end_key();
            return;
        }
        escapes_ = c == '\\' && !escapes_;
        if (key_.size() < kMaxWord) {
            key_ += c;
        }
    }
}

void JsonItems::end_key() {
    if (shape_ == Shape::watch) {
        use_ = key_ == "type" ? Use::type : key_ == "object" ? Use::object : Use::none;
    } else {
        use_ = key_ == "items"      ? Use::items
               : key_ == "metadata" ? Use::metadata
               : key_ == "kind"     ? Use::kind
                                    : Use::none;
    }
    expect(use_ != Use::object || !has_object_, "no second object");
    at_ = At::colon;
}

void JsonItems::begin_value(char c) {
    if (use_ == Use::items && c == '[') {
        list_.has_items = true;
        at_ = At::first_item;
        ++pos_;
        return;
    }
    if (c == '{' || c == '[') {
        const bool kept = use_ == Use::object || use_ == Use::item || use_ == Use::metadata;
        expect(!kept || c == '{', "an object");
        expect(use_ == Use::none || kept, "a word");
        begin_ = pos_;
        carried_ = 0;
        // The object of an event may still wait in there for the event's end.
        if (!has_object_) {
            carry_.clear();
        }
        nesting_.begin();
        at_ = At::in_nested;
        return;
    }
    expect(use_ != Use::object && use_ != Use::item, "an object");
    word_.clear();
    if (c == '"') {
        escapes_ = false;
        at_ = At::in_string;
        ++pos_;
    } else {
        expect(is_scalar(c), "a value");
        at_ = At::in_scalar;
    }
}

void JsonItems::scan_value() {
    if (at_ != At::in_nested) {
        scan_word();
        return;
    }
    pos_ += nesting_.take(bytes_.substr(pos_));
    if (nesting_.ended()) {
        at_ = use_ == Use::item ? At::after_item : At::after_member;
        end_nested();
    }
}

// A text, number, boolean or null.
void JsonItems::scan_word() {
    for (; pos_ < bytes_.size(); ++pos_) {
        const char c = bytes_[pos_];
        const bool text = at_ == At::in_string;
        if (text ? c == '"' && !escapes_ : !is_scalar(c)) {
            pos_ += text ? 1 : 0;
            end_word();
            return;
        }
        escapes_ = text && c == '\\' && !escapes_;
        if (word_.size() < kMaxWord) {
            word_ += c;
        }
    }
}

// All of the value; nothing if it is larger than allowed.
std::string_view JsonItems::value_so_far() {
    const auto here = bytes_.substr(begin_, pos_ - begin_);
    if (carried_ + here.size() > max_object_) {
        return {};
    }
    if (carried_ == 0) {
        return here;
    }
    carry_.append(here);
    return carry_;
}

void JsonItems::end_nested() {
    if (use_ == Use::none) {
        return;
    }
    const auto value = value_so_far();
    if (use_ == Use::item) {
        ready_ = Item{{}, value, value.empty()};
    } else if (use_ == Use::object) {
        object_ = value;
        object_too_large_ = value.empty();
        has_object_ = true;
    } else {
        expect(value.size() <= kMaxMetadata, "less metadata");
        list_.metadata = value;
    }
}

void JsonItems::end_word() {
    if (use_ == Use::type) {
        type_ = word_;
    } else if (use_ == Use::kind) {
        list_.kind = word_;
    } else if (use_ == Use::items) {
        expect(at_ == At::in_scalar && word_ == "null", "a list of items");
        list_.has_items = true;
    }
    at_ = At::after_member;
}

void JsonItems::end_root() {
    if (shape_ == Shape::list) {
        at_ = At::after_root;
        return;
    }
    at_ = At::root;
    expect(has_object_ && !type_.empty(), "an event with type and object");
    ready_ = Item{type_, object_, object_too_large_};
    has_object_ = false;
}

// Whatever is needed of bytes_ moves to carry_: they will not be there next time.
void JsonItems::save_rest() {
    if (has_object_) {
        if (object_.data() != carry_.data()) {
            carry_.assign(object_);
            object_ = carry_;
        }
        return;
    }
    if (at_ != At::in_nested || use_ == Use::none) {
        if (carry_.capacity() > kKeepMemory) {
            carry_ = {};
        }
        return;
    }
    const auto here = bytes_.substr(begin_);
    carried_ += here.size();
    if (carried_ > max_object_) {
        carry_ = {};
    } else {
        carry_.append(here);
    }
    begin_ = bytes_.size();
}

}  // namespace sy
