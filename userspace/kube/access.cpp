#include "kube/access.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/ip.h"
#include "base/text.h"
#include "kube/kubeconfig.h"

namespace sy {
namespace {

constexpr std::string_view kInClusterMend =
    "give --kubeconfig or --master, or read manifests with --manifests";

bool is_v6(std::string_view host) {
    return host.find(':') != std::string_view::npos;
}

std::string joined(std::string_view host, uint16_t port) {
    const std::string text(host);
    return (is_v6(host) ? '[' + text + ']' : text) + ':' + std::to_string(port);
}

std::optional<uint16_t> parse_port(std::string_view text) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
        return std::nullopt;
    }
    return port;
}

// It becomes a Host header and a name to look up.
bool valid_host(std::string_view host) {
    if (is_v6(host)) {
        return IpAddr::parse(host).has_value();
    }
    return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_';
    });
}

bool valid_path(std::string_view path) {
    return std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f; });
}

// "host", "host:port", "[v6]", "[v6]:port" into `url`.
Result<void> parse_authority(std::string_view text, ServerUrl& url) {
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) {
            return fail("']' is missing after the IPv6 address");
        }
        url.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!is_v6(url.host) || (!port.empty() && !port.starts_with(':'))) {
            return fail("only an IPv6 address stands in brackets, a port after them");
        }
    } else {
        const auto colon = text.find(':');
        url.host = text.substr(0, colon);
        port = colon == std::string_view::npos ? "" : text.substr(colon);
        if (port.find(':', 1) != std::string_view::npos) {
            return fail("an IPv6 address belongs in brackets");
        }
    }
    if (!valid_host(url.host)) {
        return fail("'" + printable(url.host) + "' is no host name or IP address");
    }
    if (port.size() > 1) {
        const auto number = parse_port(port.substr(1));
        if (!number) {
            return fail("a port is a number from 1 to 65535");
        }
        url.port = *number;
    }
    return {};
}

}  // namespace

std::string ServerUrl::authority() const {
    return joined(host, port);
}

std::string ServerUrl::to_string() const {
    return (tls ? "https://" : "http://") + authority() + base_path;
}

Result<ServerUrl> parse_server_url(std::string_view text, bool default_tls) {
    ServerUrl url;
    url.tls = default_tls;
    if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
        if (const auto name = text.substr(0, scheme); name != "https" && name != "http") {
            return fail("'" + printable(name, 32) + "' is neither http nor https");
        }
        url.tls = text.starts_with("https");
        text.remove_prefix(scheme + 3);
    }
    url.port = url.tls ? 443 : 80;
    if (text.find_first_of("?#") != std::string_view::npos) {
        return fail("the URL of a server has no query and no fragment");
    }
    const auto slash = std::min(text.find('/'), text.size());
    if (text.substr(0, slash).find('@') != std::string_view::npos) {
        return fail("user names do not belong in the URL: use username and password");
    }
    if (auto parsed = parse_authority(text.substr(0, slash), url); !parsed) {
        return std::unexpected(parsed.error());
    }
    auto path = text.substr(slash);
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    if (!valid_path(path)) {
        return fail("the path holds white space or other characters that must be escaped");
    }
    url.base_path = path;
    return url;
}

Result<ApiAccess> in_cluster_access(const EnvLookup& env, const std::string& folder) {
    const auto host = env("KUBERNETES_SERVICE_HOST").value_or("");
    const auto port = env("KUBERNETES_SERVICE_PORT").value_or("");
    if (host.empty() || port.empty()) {
        return fail(
            "this is no Pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set): " +
                std::string(kInClusterMend),
            "API server");
    }
    const auto number = parse_port(port);
    if (!valid_host(host) || !number) {
        return fail(
            "'" + printable(host, 64) + "' and '" + printable(port, 16) + "' are no host and port",
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
    }
    ApiAccess access;
    access.server = {.tls = true, .host = host, .port = *number, .base_path = ""};
    access.token.file = folder + "/token";
    if (::access(access.token.file.c_str(), R_OK) != 0) {
        return fail(
            "the token of the service account cannot be read (is "
            "automountServiceAccountToken off?); or " +
                std::string(kInClusterMend),
            access.token.file, errno);
    }
    const auto authority = folder + "/ca.crt";
    if (::access(authority.c_str(), R_OK) == 0) {
        access.authority.file = authority;
    } else {
        access.warnings.push_back(authority +
                                  ": cannot be read; only the system's authorities are trusted");
    }
    return access;
}

namespace {

Result<ApiAccess> access_of(const AccessOptions& options, const EnvLookup& env) {
    if (!options.kubeconfig.empty()) {
        return read_kubeconfig(options.kubeconfig, options.context, options.master);
    }
    if (options.master.empty()) {
        return in_cluster_access(env, options.service_account_folder);
    }
    auto server = parse_server_url(options.master, false);
    if (!server) {
        return fail(server.error().what, "--master " + printable(options.master, 128));
    }
    ApiAccess access;
    access.server = std::move(*server);
    return access;
}

}  // namespace

Result<ApiAccess> find_access(const AccessOptions& options, const EnvLookup& env) {
    auto access = access_of(options, env);
    if (!access) {
        return access;
    }
    if (!access->server.tls &&
        (access->token.given() || !access->username.empty() || access->exec)) {
        access->warnings.push_back(access->server.to_string() +
                                   ": credentials go over the network unencrypted; use https");
    }
    // client-go would use them; a node that needs them to reach its API server should be told.
    for (const auto* const name : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}) {
        if (!env(name).value_or("").empty()) {
            access->warnings.push_back(std::string(name) +
                                       " is ignored: the API server is reached directly");
        }
    }
    return access;
}

}  // namespace sy
