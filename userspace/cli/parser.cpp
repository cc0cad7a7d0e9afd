#include "cli/parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/log_text.h"
#include "config/spelling.h"
#include "config/write_config.h"

namespace sy {
namespace {

struct CommandHelp {
    std::string_view name;
    std::string_view summary;
    std::string_view footer;
};

constexpr std::array kCommands{
    CommandHelp{"run", "Keep this node's rules in step with the cluster",
                "* counts beside --config, too. kube-proxy's other flags are accepted as well.\n"
                "Rules stay in place when it ends. SIGHUP reads everything again and checks the "
                "rules."},
    CommandHelp{"render", "Print the rules for manifests, without changing anything",
                "* counts beside --config, too. Needs no privileges. Exits with 1 if a document "
                "was bad;\nthe others are printed."},
    CommandHelp{"cleanup", "Remove every rule that switchyard wrote", ""},
    CommandHelp{
        "observe", "Show connections to Services as they are made (mode ebpf)",
        "Needs no daemon, but root. One line per connection that was sent to an endpoint or "
        "refused."},
    CommandHelp{"version", "Print the version", ""},
};

std::string program_help() {
    CLI::App app{"Balances Kubernetes Services in the kernel, in place of kube-proxy."};
    app.set_help_flag("-h,--help", "Print this help");
    for (const CommandHelp& command : kCommands) {
        app.add_subcommand(std::string(command.name), std::string(command.summary));
    }
    app.footer(
        "Flags without a command mean \"run\", as with kube-proxy.\n"
        "\"switchyard COMMAND --help\" tells the flags of a command.");
    return app.help("switchyard");
}

std::span<const FlagSpec> flags_of(std::string_view command) {
    if (command == "version") {
        return {};
    }
    if (command == "observe") {
        return observe_flag_specs();
    }
    return command == "cleanup" ? cleanup_flag_specs() : flag_specs();
}

/// Standard error: `lines`, each with who complains in front.
Exit refuse(std::string_view command, std::span<const std::string> lines) {
    Exit exit{.code = kUsageError, .out = {}, .error = {}};
    for (const std::string& line : lines) {
        exit.error += fmt::format("{}switchyard{}{}: {}", exit.error.empty() ? "" : "\n",
                                  command.empty() ? "" : " ", command, printable(line));
    }
    return exit;
}

Exit refuse(std::string_view command, std::string line) {
    return refuse(command, std::array{std::move(line)});
}

Exit no_command(std::string_view word) {
    std::vector<std::string_view> names;
    std::ranges::transform(kCommands, std::back_inserter(names), &CommandHelp::name);
    const auto guess = nearest(word, names);
    return refuse("", fmt::format("there is no command \"{}\"; {}", word,
                                  guess.empty() ? std::string("see \"switchyard --help\"")
                                                : fmt::format("did you mean {}?", guess)));
}

Command cleanup_command(std::string_view name, const Flags& flags) {
    auto options = load_cleanup_options(flags);
    if (!options) {
        return refuse(name, options.error().message());
    }
    return CleanupCommand{std::move(*options)};
}

Command observe_command(const Flags& flags) {
    auto options = load_observe_options(flags);
    if (!options) {
        return refuse("observe", options.error().message());
    }
    return ObserveCommand{std::move(*options)};
}

Command render_command(Loading loading) {
    if (loading.options.manifests.empty()) {
        return refuse("render",
                      "--manifests: is missing; give a file or folder of manifests, for example "
                      "--manifests /etc/switchyard/manifests");
    }
    return RenderCommand{std::move(loading.options)};
}

Command carry_out(std::string_view name, const Flags& flags, const Surroundings& surroundings,
                  const ReadFile& read_file) {
    if (name == "version" || flags.on("version")) {
        return VersionCommand{};
    }
    if (name == "cleanup" || flags.on("cleanup")) {
        return cleanup_command(name, flags);
    }
    if (name == "observe") {
        return observe_command(flags);
    }
    auto loading = load_options(flags, surroundings, read_file);
    if (!loading.errors.empty()) {
        return refuse(name, loading.errors);
    }
    if (const auto path = flags.value("write-config-to"); !path.empty()) {
        return WriteConfigCommand{path, to_yaml(loading.config), loading.options.log};
    }
    if (name == "render") {
        return render_command(std::move(loading));
    }
    return RunCommand{std::move(loading.options), [flags, surroundings, read_file] {
                          return load_options(flags, surroundings, read_file);
                      }};
}

}  // namespace

Command parse_command_line(std::span<const char* const> arguments, const Surroundings& surroundings,
                           const ReadFile& read_file) {
    auto words = arguments.subspan(std::min<std::size_t>(1, arguments.size()));
    const std::string_view first = words.empty() ? std::string_view() : words.front();
    if (first.empty()) {
        return refuse("",
                      "a command is missing; give one of: run, render, cleanup, observe, version");
    }
    if (first == "-h" || first == "--help") {
        return Exit{.code = 0, .out = program_help(), .error = {}};
    }
    const auto* command = std::ranges::find(kCommands, first, &CommandHelp::name);
    if (command != kCommands.end()) {
        words = words.subspan(1);
    } else if (first.starts_with('-')) {
        command = kCommands.begin();
    } else {
        return no_command(first);
    }
    const auto specs = flags_of(command->name);
    const auto flags = parse_flags(words, specs);
    if (!flags && flags.error().help) {
        return Exit{.code = 0,
                    .out = flags_help(command->summary, command->name, specs, command->footer),
                    .error = {}};
    }
    if (!flags) {
        return refuse(command->name, flags.error().what);
    }
    return carry_out(command->name, *flags, surroundings, read_file);
}

}  // namespace sy
