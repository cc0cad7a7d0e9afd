// How to reach the API server and who we are there, as a value: where it comes from (kubeconfig,
// service account, --master) is forgotten, and nothing has been connected yet.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sy {

/// The API server's address.
struct ServerUrl {
    bool tls = true;
    /// A name or an IP address without brackets.
    std::string host;
    uint16_t port = 443;
    /// Prefix of every path: "" or "/k8s/clusters/c-1", never ending in '/'.
    std::string base_path;

    /// "10.0.0.1:6443", "[fd00::1]:6443": for the Host header and for messages.
    std::string authority() const;
    /// "https://10.0.0.1:6443/base".
    std::string to_string() const;
    friend bool operator==(const ServerUrl&, const ServerUrl&) = default;
};

/// Reads "https://host[:port][/path]" or "http://…". Without a scheme it is `default_tls` that
/// decides, as in client-go. The error says what is wrong with it, not where it came from.
Result<ServerUrl> parse_server_url(std::string_view text, bool default_tls);

/// A certificate, key or token: the text itself, or a file that holds it and may change. If both
/// are given, each use says which one counts.
struct Material {
    std::string text;
    std::string file;

    bool given() const { return !text.empty() || !file.empty(); }
    friend bool operator==(const Material&, const Material&) = default;
};

/// A program that prints credentials (client.authentication.k8s.io).
struct ExecPlugin {
    /// "client.authentication.k8s.io/v1" or "…/v1beta1".
    std::string api_version;
    /// A path, or a name to look up in PATH.
    std::string command;
    std::vector<std::string> args;
    /// Added to our own environment.
    std::vector<std::pair<std::string, std::string>> env;
    bool provide_cluster_info = false;
    /// JSON of the cluster's extension for the plugin; empty: none.
    std::string cluster_config;
    /// What to tell who lacks the program. Untrusted text.
    std::string install_hint;

    friend bool operator==(const ExecPlugin&, const ExecPlugin&) = default;
};

struct ApiAccess {
    ServerUrl server;

    /// PEM. Neither text (which counts first) nor file: the system's authorities.
    Material authority;
    /// Do not verify the server at all.
    bool insecure = false;
    /// Verify this name instead of the server's host; empty: the host.
    std::string tls_server_name;

    /// PEM; the text counts first.
    Material client_certificate;
    Material client_key;
    /// The file counts as long as it can be read, else the text.
    Material token;
    std::string username;
    std::string password;
    /// Used if there is neither a token nor a user name.
    std::optional<ExecPlugin> exec;

    /// What an operator should know (insecure, unused); each one line, safe to log.
    std::vector<std::string> warnings;
};

/// Looks up an environment variable.
using EnvLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The service account of the Pod we run in. `folder` is where its files are mounted:
/// "/var/run/secrets/kubernetes.io/serviceaccount". An error if we are in no Pod.
Result<ApiAccess> in_cluster_access(const EnvLookup& env, const std::string& folder);

struct AccessOptions {
    /// File name; empty: none.
    std::string kubeconfig;
    /// URL that replaces the kubeconfig's server; empty: none.
    std::string master;
    /// Instead of the kubeconfig's current-context.
    std::optional<std::string> context;
    std::string service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// kube-proxy's rule: without kubeconfig and master the service account, else the kubeconfig, whose
/// server `master` replaces; `master` alone is contacted without credentials.
Result<ApiAccess> find_access(const AccessOptions& options, const EnvLookup& env);

}  // namespace sy
