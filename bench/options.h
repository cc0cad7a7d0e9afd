// The command lines of the benchmarks.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "backends/registry.h"
#include "backends/settings.h"

namespace sy::bench {

/// What a benchmark can be told. It is given its defaults.
struct Options {
    /// Numbers of Services; repeated ones are measured again.
    std::vector<uint32_t> services;
    /// Empty: the benchmark knows no modes.
    std::string mode{};
    /// With mode iptables: "legacy", "nft" or "detect".
    std::string iptables_variant{"detect"};
    /// 0: the benchmark does not count runs.
    int runs = 0;

    /// The backend of the mode and its settings, but for the places that a rig makes itself.
    const BackendEntry& entry() const;
    BackendSettings settings() const;
};

/// Reads the command line over `options`. Instead of them the exit status, once help or an error
/// has been printed.
std::expected<Options, int> read_options(const char* name, Options options, int argc, char** argv);

}  // namespace sy::bench
