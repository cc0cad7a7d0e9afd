#include "cli/help.h"

#include <fmt/format.h>

namespace sy {
namespace {

constexpr std::size_t kColumn = 43;

/// `left`, and `text` beside it; on the next line if it does not fit.
std::string entry(std::string left, std::string_view text) {
    if (left.size() + 1 > kColumn) {
        left += '\n' + std::string(kColumn, ' ');
    } else {
        left.resize(kColumn, ' ');
    }
    for (auto newline = text.find('\n'); newline != std::string_view::npos;
         newline = text.find('\n')) {
        left.append(text.substr(0, newline + 1)).append(kColumn, ' ');
        text.remove_prefix(newline + 1);
    }
    return left.append(text).append("\n");
}

std::string flag_entry(const FlagSpec& spec) {
    const std::string names = spec.letter != 0 ? fmt::format("-{},--{}", spec.letter, spec.name)
                                               : fmt::format("--{}", spec.name);
    return entry(fmt::format("  {}{}{}", names, spec.type.empty() ? "" : " ", spec.type),
                 spec.help);
}

}  // namespace

std::string program_help(std::span<const CommandHelp> commands) {
    std::string text =
        "Balances Kubernetes Services in the kernel, in place of kube-proxy.\n"
        "Usage: switchyard [COMMAND] [FLAGS]\n"
        "\nCommands:\n";
    for (const CommandHelp& command : commands) {
        text += entry(fmt::format("  {}", command.name), command.summary);
    }
    text += "\nOptions:\n" + entry("  -h,--help", "Print this help");
    text +=
        "\nFlags without a command mean \"run\", as with kube-proxy.\n"
        "\"switchyard COMMAND --help\" tells the flags of a command.\n";
    return text;
}

std::string command_help(const CommandHelp& command, std::span<const FlagSpec> flags) {
    std::string text =
        fmt::format("{}\nUsage: switchyard {} [FLAGS]\n", command.summary, command.name);
    text += "\nOptions:\n" + entry("  -h,--help", "Print this help");
    std::string_view group;
    for (const FlagSpec& spec : flags) {
        if (spec.group.empty()) {
            continue;
        }
        if (spec.group != group) {
            group = spec.group;
            text += fmt::format("\n{}:\n", group);
        }
        text += flag_entry(spec);
    }
    return command.footer.empty() ? text : text + fmt::format("\n{}\n", command.footer);
}

}  // namespace sy
