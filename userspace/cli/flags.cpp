#include "cli/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <utility>

#include "config/spelling.h"

namespace sy {
namespace {

constexpr std::size_t kHelpColumn = 43;

std::unexpected<FlagFault> refuse(std::string what) {
    return std::unexpected(FlagFault{.help = false, .what = std::move(what)});
}

/// The flag `word` (up to "=", if it has one) stands for; null: none.
const FlagSpec* spec_of(std::string_view word, std::span<const FlagSpec> specs) {
    const auto found = std::ranges::find_if(specs, [word](const FlagSpec& spec) {
        return word.starts_with("--") ? word.substr(2) == spec.name
                                      : spec.letter != 0 && word == std::string{'-', spec.letter};
    });
    return found == specs.end() ? nullptr : &*found;
}

/// Go's ways of writing flags in those of CLI11: underscores for dashes in names, and "-v=4". What
/// follows "=" becomes a word of its own, for CLI11 takes "--name=" for a name without a value.
std::vector<std::string> in_plain_words(std::span<const char* const> words,
                                        std::span<const FlagSpec> specs) {
    std::vector<std::string> plain;
    bool is_value = false;
    for (const std::string_view word : words) {
        const auto equals = word.find('=');
        std::string name(word.substr(0, equals));
        if (is_value || !word.starts_with('-')) {
            plain.emplace_back(word);
            is_value = false;
            continue;
        }
        if (name.starts_with("--")) {
            std::ranges::replace(name, '_', '-');
        }
        const FlagSpec* spec = spec_of(name, specs);
        const bool takes_word = spec != nullptr && spec->kind() == FlagKind::text;
        is_value = takes_word && equals == std::string_view::npos;
        plain.push_back(name);
        if (equals != std::string_view::npos && takes_word) {
            plain.emplace_back(word.substr(equals + 1));
        } else if (equals != std::string_view::npos) {
            plain.back().append(word.substr(equals));
        }
    }
    return plain;
}

std::string names_of(const FlagSpec& spec) {
    return spec.letter != 0 ? fmt::format("-{},--{}", spec.letter, spec.name)
                            : fmt::format("--{}", spec.name);
}

/// The grammar of one command.
void describe(CLI::App& app, std::span<const FlagSpec> specs) {
    app.set_help_flag("-h,--help", "Print this help");
    app.get_formatter()->column_width(kHelpColumn);
    app.allow_extras();
    for (const FlagSpec& spec : specs) {
        CLI::Option* option = spec.kind() == FlagKind::boolean ? app.add_flag(names_of(spec))
                                                               : app.add_option(names_of(spec));
        option->description(std::string(spec.help))
            ->group(std::string(spec.group))
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        if (spec.kind() == FlagKind::text) {
            option->type_name(std::string(spec.type))->type_size(1)->expected(1);
        }
    }
}

std::unexpected<FlagFault> not_understood(const std::string& word,
                                          std::span<const FlagSpec> specs) {
    const std::string name = word.substr(0, word.find('='));
    if (!word.starts_with('-') || name == "-" || name == "--") {
        return refuse(fmt::format("\"{}\" is no flag, and nothing else belongs here", word));
    }
    std::vector<std::string_view> names;
    std::ranges::transform(specs, std::back_inserter(names), &FlagSpec::name);
    const auto guess = name.starts_with("--") ? nearest(name.substr(2), names) : std::string();
    return refuse(fmt::format("there is no flag \"{}\"{}", name,
                              guess.empty() ? "" : fmt::format("; did you mean --{}?", guess)));
}

/// CLI11's words for a value that is missing, in ours.
std::unexpected<FlagFault> refused_by(const CLI::ParseError& error,
                                      std::span<const FlagSpec> specs) {
    const std::string_view what = error.what();
    for (const FlagSpec& spec : specs) {
        if (what.starts_with(fmt::format("--{}:", spec.name))) {
            return refuse(fmt::format("--{}: a value is missing: {}", spec.name, spec.type));
        }
    }
    return refuse(std::string(what));
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

Flags Flags::among(std::span<const FlagSpec> specs) const {
    Flags out;
    for (const auto& [spec, value] : given_) {
        if (std::ranges::find(specs, spec->name, &FlagSpec::name) != specs.end()) {
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
    CLI::App app;
    describe(app, specs);
    auto plain = in_plain_words(words, specs);
    std::ranges::reverse(plain);  // as CLI11 wants a vector
    try {
        app.parse(std::move(plain));
    } catch (const CLI::CallForHelp&) {
        return std::unexpected(FlagFault{.help = true, .what = {}});
    } catch (const CLI::ParseError& error) {
        return refused_by(error, specs);
    }
    if (const auto rest = app.remaining(); !rest.empty()) {
        return not_understood(rest.front(), specs);
    }
    Flags flags;
    for (const FlagSpec& spec : specs) {
        for (const std::string& value : app.get_option("--" + std::string(spec.name))->results()) {
            flags.add(spec, value);
        }
    }
    return flags;
}

std::string flags_help(std::string_view summary, std::string_view command,
                       std::span<const FlagSpec> specs, std::string_view footer) {
    CLI::App app{std::string(summary)};
    describe(app, specs);
    app.footer(std::string(footer));
    std::string text = app.help("switchyard " + std::string(command));
    for (auto gap = text.find("\n\n\n"); gap != std::string::npos; gap = text.find("\n\n\n")) {
        text.erase(gap, 1);
    }
    return text;
}

}  // namespace sy
