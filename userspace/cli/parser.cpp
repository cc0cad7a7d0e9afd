#include "cli/parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

#include "cli/log_text.h"

namespace sy {
namespace {

constexpr std::size_t kHelpColumn = 43;

/// Edit distance, for guessing what a misspelt word was meant to be.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/// The candidate nearest to `word`; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    constexpr std::size_t kNear = 3;
    std::string best;
    std::size_t best_distance = kNear + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t d = distance(word, candidate);
        if (d < best_distance && d <= candidate.size() / 2 + 1) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

void add_node_flags(CLI::App& app, Flags& flags, const Surroundings& surroundings) {
    const std::string modes = fmt::format("{}", fmt::join(surroundings.proxy_modes, ", "));
    app.add_option("--manifests", flags.manifests,
                   "File or folder with Services, EndpointSlices, Nodes\n"
                   "and ServiceCIDRs as YAML or JSON; may be repeated")
        ->type_name("PATH")
        ->allow_extra_args(false)
        ->group("Cluster");
    app.add_option("--hostname-override", flags.hostname_override,
                   "Name of this node's Node object (default: the host name)")
        ->type_name("NAME")
        ->group("Cluster");
    app.add_option("--proxy-mode", flags.proxy_mode,
                   fmt::format("How rules are written: {} (default: {})", modes,
                               surroundings.proxy_modes.front()))
        ->type_name("MODE")
        ->group("Node");
    app.add_option("--bind-address", flags.bind_address,
                   "The node's own IP, instead of the Node object's; nothing\n"
                   "is bound to it")
        ->type_name("IP")
        ->group("Node");
    app.add_option("--nodeport-addresses", flags.nodeport_addresses,
                   "Where NodePorts are served: \"primary\" (the node's own\n"
                   "IPs) or networks; a family without a network is served on\n"
                   "all its addresses (default: primary)")
        ->type_name("NETWORKS")
        ->allow_extra_args(false)
        ->group("Node");
    app.add_option("--detect-local-mode", flags.detect_local_mode,
                   "How pods of this node are recognised: ClusterCIDR,\n"
                   "NodeCIDR, BridgeInterface or InterfaceNamePrefix\n"
                   "(default: ClusterCIDR)")
        ->type_name("MODE")
        ->group("Local pods and source addresses");
    app.add_option("--cluster-cidr", flags.cluster_cidr,
                   "Networks of the pods, at most one per family\n"
                   "(default: none, no pod is recognised)")
        ->type_name("NETWORK[,NETWORK]")
        ->group("Local pods and source addresses");
    app.add_option("--pod-bridge-interface", flags.pod_bridge_interface,
                   "Bridge behind which the pods are (mode BridgeInterface)")
        ->type_name("NAME")
        ->group("Local pods and source addresses");
    app.add_option("--pod-interface-name-prefix", flags.pod_interface_name_prefix,
                   "How names of pod interfaces begin\n"
                   "(mode InterfaceNamePrefix)")
        ->type_name("PREFIX")
        ->group("Local pods and source addresses");
    app.add_flag("--masquerade-all", flags.masquerade_all,
                 "Replace the source address of all ClusterIP traffic")
        ->group("Local pods and source addresses");
}

void add_log_flags(CLI::App& app, Flags& flags) {
    app.add_option("--log-level", flags.log_level, "debug, info, warning or error (default: info)")
        ->type_name("LEVEL")
        ->group("Log");
    app.add_option("-v,--v", flags.verbosity, "kube-proxy's verbosity; 4 and more is debug")
        ->type_name("NUMBER")
        ->group("Log");
    app.add_option("--log-format,--logging-format", flags.log_format,
                   "text or json (default: text)")
        ->type_name("FORMAT")
        ->group("Log");
}

void add_sync_flags(CLI::App& app, Flags& flags) {
    const auto duration = [&app](const char* name, auto& flag, const char* text) {
        app.add_option(name, flag, text)->type_name("DURATION")->group("Synchronisation");
    };
    duration("--min-sync-period", flags.min_sync_period,
             "Pause between two syncs at least (default: 0s)");
    duration("--sync-period", flags.sync_period,
             "Longest pause before a failed sync is tried again\n(default: 30s)");
    duration("--iptables-min-sync-period", flags.iptables_min_sync_period,
             "kube-proxy's name for --min-sync-period");
    duration("--iptables-sync-period", flags.iptables_sync_period,
             "kube-proxy's name for --sync-period");
}

void add_conntrack_flags(CLI::App& app, Flags& flags) {
    const auto setting = [&app](const char* name, auto& flag, const char* type, const char* text) {
        app.add_option(name, flag, text)->type_name(type)->group("Connection tracking");
    };
    setting("--conntrack-max-per-core", flags.conntrack_max_per_core, "NUMBER",
            "Tracked connections per CPU; the table is only ever\n"
            "raised, 0 leaves it alone (default: 32768)");
    setting("--conntrack-min", flags.conntrack_min, "NUMBER",
            "Tracked connections at least (default: 131072)");
    setting("--conntrack-tcp-timeout-established", flags.conntrack_tcp_timeout_established,
            "DURATION", "Idle TCP connections; 0 leaves it alone (default: 24h)");
    setting("--conntrack-tcp-timeout-close-wait", flags.conntrack_tcp_timeout_close_wait,
            "DURATION", "TCP in CLOSE_WAIT; 0 leaves it alone (default: 1h)");
    setting("--conntrack-udp-timeout", flags.conntrack_udp_timeout, "DURATION",
            "UDP without an answer; 0 leaves it alone (default: 0)");
    setting("--conntrack-udp-timeout-stream", flags.conntrack_udp_timeout_stream, "DURATION",
            "UDP with answers; 0 leaves it alone (default: 0)");
    app.add_flag("--conntrack-tcp-be-liberal", flags.conntrack_tcp_be_liberal,
                 "Do not mark out-of-window TCP packets as invalid")
        ->group("Connection tracking");
}

/// The program's grammar, and the flags as they are filled in by parse().
struct Grammar {
    explicit Grammar(const Surroundings& surroundings) {
        app.name("switchyard");
        app.set_help_flag("-h,--help", "Print this help");
        app.get_formatter()->column_width(kHelpColumn);
        app.footer("\"switchyard COMMAND --help\" tells the flags of a command.");
        run = app.add_subcommand("run", "Keep this node's rules in step with the cluster");
        run->footer(
            "Rules stay in place when it ends. SIGHUP reads the manifests again and checks "
            "the rules.");
        render = app.add_subcommand("render",
                                    "Print the rules for manifests, without changing anything");
        render->footer(
            "Needs no privileges. Exits with 1 if a document was bad; the others are "
            "printed.");
        cleanup = app.add_subcommand("cleanup", "Remove every rule that switchyard wrote");
        version = app.add_subcommand("version", "Print the version");
        for (CLI::App* command : {run, render}) {
            add_node_flags(*command, flags, surroundings);
        }
        add_sync_flags(*run, flags);
        add_conntrack_flags(*run, flags);
        for (CLI::App* command : {run, render, cleanup}) {
            add_log_flags(*command, flags);
        }
    }

    /// The command that was named, or the program itself.
    const CLI::App& chosen() const {
        const auto named = app.get_subcommands();
        return named.empty() ? app : *named.front();
    }

    Flags flags;
    CLI::App app{"Balances Kubernetes Services in the kernel, in place of kube-proxy."};
    CLI::App* run = nullptr;
    CLI::App* render = nullptr;
    CLI::App* cleanup = nullptr;
    CLI::App* version = nullptr;
};

std::vector<std::string> names_of(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
    }
    for (const CLI::App* sub : command.get_subcommands(nullptr)) {
        names.push_back(sub->get_name());
    }
    return names;
}

std::string path_of(const CLI::App& command) {
    return command.get_parent() == nullptr ? "switchyard" : "switchyard " + command.get_name();
}

Exit usage_error(const CLI::App& command, std::string_view what) {
    return {.code = kUsageError,
            .out = {},
            .error = fmt::format("{}: {}", path_of(command), printable(what))};
}

Exit not_understood(const CLI::App& command, const std::string& word) {
    const bool flag = word.starts_with('-');
    const std::string name = word.substr(0, word.find('='));
    const std::string guess = nearest(name, names_of(command));
    return usage_error(
        command, fmt::format("there is no {} \"{}\"; {}", flag ? "flag" : "command", name,
                             guess.empty() ? fmt::format("see \"{} --help\"", path_of(command))
                                           : fmt::format("did you mean {}?", guess)));
}

std::string help_of(const CLI::App& command) {
    const bool program = command.get_parent() == nullptr;
    std::string text = command.help(program ? "" : "switchyard", CLI::AppFormatMode::Normal);
    for (auto gap = text.find("\n\n\n"); gap != std::string::npos; gap = text.find("\n\n\n")) {
        text.erase(gap, 1);
    }
    return text;
}

Exit explain(const Grammar& grammar, const CLI::ParseError& error) {
    const CLI::App& command = grammar.chosen();
    if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr) {
        return {.code = 0, .out = help_of(command), .error = {}};
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
        // The first of several: one line has to do.
        return not_understood(command, grammar.app.remaining(true).front());
    }
    return usage_error(command,
                       fmt::format("{}; see \"{} --help\"", error.what(), path_of(command)));
}

template <class T>
Command with_options(const Grammar& grammar, const Surroundings& surroundings) {
    auto options = read_options(grammar.flags, surroundings);
    if (!options) {
        return usage_error(grammar.chosen(), options.error().message());
    }
    return T{std::move(*options)};
}

}  // namespace

Command parse_command_line(std::span<const char* const> arguments,
                           const Surroundings& surroundings) {
    Grammar grammar(surroundings);
    try {
        grammar.app.parse(static_cast<int>(arguments.size()), arguments.data());
    } catch (const CLI::ParseError& error) {
        return explain(grammar, error);
    }
    if (grammar.run->parsed()) {
        return with_options<RunCommand>(grammar, surroundings);
    }
    if (grammar.render->parsed()) {
        return with_options<RenderCommand>(grammar, surroundings);
    }
    if (grammar.cleanup->parsed()) {
        auto log = read_log_options(grammar.flags);
        if (!log) {
            return usage_error(*grammar.cleanup, log.error().message());
        }
        return CleanupCommand{*log};
    }
    if (grammar.version->parsed()) {
        return VersionCommand{};
    }
    return usage_error(grammar.app,
                       "a command is missing; give one of: run, render, cleanup, version");
}

}  // namespace sy
