// What mode ebpf is told. Internal to the configuration.
#pragma once

#include <functional>
#include <string_view>

#include "backends/settings.h"
#include "config/proxy_config.h"

namespace sy {

/// Takes a fault: the path of the field, and what is wrong.
using Complain = std::function<void(std::string_view path, std::string_view what)>;

/// From a complete() configuration. Where things are pinned and attached counts in every mode: what
/// mode ebpf has left there is taken away by others. Everything else stays at its default in modes
/// that have no use for it, so that it never counts as a change.
EbpfSettings ebpf_settings(const ProxyConfig& config, const Complain& complain);

}  // namespace sy
