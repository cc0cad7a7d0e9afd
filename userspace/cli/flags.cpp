#include "cli/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "config/spelling.h"

namespace sy {
namespace {

std::unexpected<FlagFault> refuse(std::string what) {
    return std::unexpected(FlagFault{.help = false, .what = std::move(what)});
}

/// A word that begins with a dash, taken apart.
struct Word {
    std::string name;
    char letter = 0;
    /// What follows "=", or the letter.
    std::optional<std::string> value;
};

Word take_apart(std::string_view word) {
    Word out;
    if (!word.starts_with("--")) {
        out.letter = word[1];
        out.name = word.substr(0, 2);
        const auto rest = word.substr(2);
        if (!rest.empty()) {
            out.value = rest.starts_with('=') ? rest.substr(1) : rest;
        }
        return out;
    }
    word.remove_prefix(2);
    const auto equals = word.find('=');
    out.name = word.substr(0, equals);
    std::ranges::replace(out.name, '_', '-');
    if (equals != std::string_view::npos) {
        out.value = word.substr(equals + 1);
    }
    return out;
}

std::unexpected<FlagFault> unknown(const Word& word, std::span<const FlagSpec> specs) {
    if (word.letter != 0) {
        return refuse(fmt::format("there is no flag \"{}\"", word.name));
    }
    std::vector<std::string_view> names;
    std::ranges::transform(specs, std::back_inserter(names), &FlagSpec::name);
    const auto guess = nearest(word.name, names);
    return refuse(fmt::format("there is no flag \"--{}\"{}", word.name,
                              guess.empty() ? "" : fmt::format("; did you mean --{}?", guess)));
}

}  // namespace

void Flags::add(const FlagSpec& spec, std::string value) {
    given_.emplace_back(&spec, std::move(value));
}

bool Flags::given(std::string_view name) const {
    return std::ranges::any_of(given_,
                               [name](const auto& flag) { return flag.first->name == name; });
}

std::vector<std::string> Flags::values(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [spec, value] : given_) {
        if (spec->name == name) {
            out.push_back(value);
        }
    }
    return out;
}

std::string Flags::value(std::string_view name) const {
    auto all = values(name);
    return all.empty() ? "" : std::move(all.back());
}

Flags Flags::of_group(std::string_view group) const {
    Flags out;
    for (const auto& [spec, value] : given_) {
        if (spec->group == group) {
            out.add(*spec, value);
        }
    }
    return out;
}

bool Flags::on(std::string_view name) const {
    constexpr std::array<std::string_view, 6> kOff{"0", "f", "F", "false", "FALSE", "False"};
    return given(name) && std::ranges::find(kOff, value(name)) == kOff.end();
}

std::expected<Flags, FlagFault> parse_flags(std::span<const char* const> words,
                                            std::span<const FlagSpec> specs) {
    Flags flags;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view text = words[i];
        if (text == "-h" || text == "--help") {
            return std::unexpected(FlagFault{.help = true, .what = {}});
        }
        if (!text.starts_with('-') || text == "-" || text == "--") {
            return refuse(fmt::format("\"{}\" is no flag, and nothing else belongs here", text));
        }
        Word word = take_apart(text);
        const auto spec = std::ranges::find_if(specs, [&word](const FlagSpec& candidate) {
            return word.letter != 0 ? candidate.letter == word.letter : candidate.name == word.name;
        });
        if (spec == specs.end()) {
            return unknown(word, specs);
        }
        if (!word.value && spec->kind() == FlagKind::boolean) {
            word.value = "true";
        } else if (!word.value && i + 1 < words.size()) {
            word.value = words[++i];
        } else if (!word.value) {
            return refuse(fmt::format("--{}: a value is missing: {}", spec->name, spec->type));
        }
        flags.add(*spec, *std::move(word.value));
    }
    return flags;
}

}  // namespace sy
