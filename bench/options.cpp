#include "bench/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "bench/harness.h"

namespace sy::bench {
namespace {

const std::map<std::string, IptablesVariant> kVariants{{"detect", IptablesVariant::detect},
                                                       {"legacy", IptablesVariant::legacy},
                                                       {"nft", IptablesVariant::nft}};

std::vector<std::string> modes() {
    std::vector<std::string> names;
    for (const auto& entry : backends()) {
        names.emplace_back(entry.name);
    }
    return names;
}

}  // namespace

const BackendEntry& Options::entry() const {
    const auto* found = find_backend(mode);
    if (found == nullptr) {
        give_up("no mode " + mode);
    }
    return *found;
}

BackendSettings Options::settings() const {
    BackendSettings settings;
    settings.iptables.variant = kVariants.at(iptables_variant);
    return settings;
}

std::expected<Options, int> read_options(const char* name, Options options, int argc, char** argv) {
    CLI::App app("", name);
    std::vector<uint32_t> services;
    app.add_option("SERVICES", services, "how many Services, one measurement after the other")
        ->check(CLI::PositiveNumber);
    if (!options.mode.empty()) {
        app.add_option("--proxy-mode", options.mode, "which backend, [" + options.mode + "]")
            ->check(CLI::IsMember(modes()));
        app.add_option("--iptables-variant", options.iptables_variant, "of mode iptables, [detect]")
            ->check(CLI::IsMember(kVariants));
    }
    if (options.runs > 0) {
        app.add_option("--runs", options.runs, "of which the median is shown")
            ->check(CLI::PositiveNumber);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error);
        return std::unexpected(status == 0 ? 0 : 2);
    }
    if (!services.empty()) {
        options.services = std::move(services);
    }
    return options;
}

}  // namespace sy::bench
