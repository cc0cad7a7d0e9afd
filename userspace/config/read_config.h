// Reading kube-proxy's configuration file.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/proxy_config.h"

namespace sy {

/// A file as it was read. Every message is one line that begins with file and line.
struct ConfigFile {
    /// Of no use if there are errors.
    ProxyConfig config;
    /// The line of every field that is given, by path ("iptables.masqueradeBit").
    std::map<std::string, std::size_t, std::less<>> lines;
    /// As kube-proxy, which decodes strictly first and leniently then: unknown fields, and fields
    /// given twice, of which the last counts.
    std::vector<std::string> warnings;
    /// Wrong types and values, syntax, kind and version.
    std::vector<std::string> errors;
};

/// `name` is what messages call the file.
ConfigFile read_config(std::string_view text, std::string_view name);

}  // namespace sy
