// What we tell an exec plugin, and what it answers (client.authentication.k8s.io, v1 and v1beta1).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/access.h"

namespace sy {

struct ExecCredential {
    std::string token;
    /// PEM; both or none.
    std::string certificate;
    std::string key;
    /// Nothing: good until it is refused.
    std::optional<std::chrono::system_clock::time_point> expires;

    friend bool operator==(const ExecCredential&, const ExecCredential&) = default;
};

/// Reads what the plugin printed. Errors never quote it.
Result<ExecCredential> parse_exec_credential(std::string_view json, std::string_view api_version);

/// The value of KUBERNETES_EXEC_INFO. `authority` is the PEM text of the cluster's, if there is
/// one. Needs access.exec.
std::string exec_info(const ApiAccess& access, std::string_view authority);

/// "2026-01-02T03:04:05Z", with fractions and offsets as RFC 3339 has them. Years before 1972 and
/// after 2200 count as these.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

}  // namespace sy
