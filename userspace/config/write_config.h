// A configuration as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/proxy_config.h"

namespace sy {

inline constexpr std::string_view kConfigKind = "KubeProxyConfiguration";
inline constexpr std::string_view kConfigVersion = "kubeproxy.config.k8s.io/v1alpha1";

/// As a file. read_config() reads an equal configuration from it if `config` is complete.
std::string to_yaml(const ProxyConfig& config);
/// The same as one JSON object.
std::string to_json(const ProxyConfig& config);

struct FieldText {
    /// "iptables.masqueradeBit"
    std::string path;
    /// Its value; "" if it has none.
    std::string json;

    friend bool operator==(const FieldText&, const FieldText&) = default;
};

/// All fields, always in the same order.
std::vector<FieldText> field_texts(const ProxyConfig& config);

}  // namespace sy
