#include "kube/kubeconfig.h"

#include <filesystem>
#include <vector>

#include "base/text.h"
#include "kube/config_field.h"
#include "kube/files.h"
#include "source/yaml.h"

namespace sy {
namespace {

constexpr std::string_view kExecGroup = "client.authentication.k8s.io/";

// One kubeconfig: every read_… method fills part of `access_`.
class Reader {
  public:
    Reader(ConfigText& text, simdjson::dom::element root)
        : text_(text), root_(text, root), folder_(std::filesystem::path(text.file).parent_path()) {}

    Result<ApiAccess> read(const std::optional<std::string>& context, std::string_view master) {
        const auto chosen = chosen_context(context, !master.empty());
        if (chosen) {
            if (const auto user = named("users", "user", chosen->member("user")); user) {
                read_user(*user);
            }
            read_cluster(*chosen, master);
        } else if (!master.empty()) {
            set_server(master, root_, true);
        }
        if (text_.fault) {
            return std::unexpected(*text_.fault);
        }
        return std::move(access_);
    }

  private:
    static std::string quoted(std::string_view text) { return '"' + printable(text, 64) + '"'; }

    std::string names_in(std::string_view list) const {
        std::string names;
        for (const auto& entry : root_.member(list).elements()) {
            names += (names.empty() ? "" : ", ") + quoted(entry.member("name").text());
        }
        return names.empty() ? "there is none" : "there are: " + printable(names, 256);
    }

    // The member `inner` of the element of `list` that has the name given by `reference`.
    std::optional<ConfigField> named(std::string_view list, std::string_view inner,
                                     const ConfigField& reference) const {
        const auto name = reference.text();
        if (name.empty()) {
            return std::nullopt;
        }
        auto found = entry(list, inner, name);
        if (!found) {
            reference.fail("no entry of " + std::string(list) + " is called " + quoted(name) +
                           " (" + names_in(list) + ")");
        }
        return found;
    }

    std::optional<ConfigField> entry(std::string_view list, std::string_view inner,
                                     std::string_view name) const {
        std::optional<ConfigField> found;
        for (const auto& candidate : root_.member(list).elements()) {
            if (candidate.member("name").text() != name) {
                continue;
            }
            if (found) {
                candidate.fail("a second entry called " + quoted(name) + ": keep one");
            }
            found = candidate.member(inner);
        }
        return found;
    }

    std::optional<ConfigField> chosen_context(const std::optional<std::string>& wanted,
                                              bool optional) const {
        if (!wanted) {
            const auto current = root_.member("current-context");
            if (current.text().empty() && !optional) {
                root_.fail("current-context is missing: name one of the contexts (" +
                           names_in("contexts") + ")");
            }
            return named("contexts", "context", current);
        }
        auto found = entry("contexts", "context", *wanted);
        if (!found) {
            root_.member("contexts")
                .fail("no context is called " + quoted(*wanted) + " (" + names_in("contexts") +
                      ")");
        }
        return found;
    }

    std::string file_name(const ConfigField& field) const {
        const auto name = field.text();
        return name.empty() ? name : (folder_ / name).lexically_normal().string();
    }

    Material material(const ConfigField& parent, const std::string& key) const {
        Material result;
        result.text = parent.member(key + "-data").decoded();
        if (result.text.empty()) {
            result.file = file_name(parent.member(key));
        }
        return result;
    }

    void set_server(std::string_view url, const ConfigField& field, bool is_master) {
        // As client-go decides for an address without a scheme.
        const bool tls =
            access_.authority.given() || access_.client_certificate.given() || access_.insecure;
        auto server = parse_server_url(url, tls);
        if (server) {
            access_.server = std::move(*server);
        } else if (is_master && !text_.fault) {
            text_.fault = Error{server.error().what, "--master " + printable(url, 128)};
        } else {
            field.fail(quoted(url) + ": " + server.error().what);
        }
    }

    void read_cluster(const ConfigField& context, std::string_view master) {
        const auto cluster = named("clusters", "cluster", context.member("cluster"));
        if (cluster) {
            read_cluster_fields(*cluster, master.empty());
        }
        if (!master.empty()) {
            set_server(master, root_, true);
        } else if (!cluster) {
            context.fail("names no cluster: add cluster");
        } else if (const auto server = cluster->member("server"); server.text().empty()) {
            cluster->fail("server is missing: add the URL of the API server");
        } else {
            set_server(server.text(), server, false);
        }
    }

    void read_cluster_fields(const ConfigField& cluster, bool own_server) {
        access_.authority = material(cluster, "certificate-authority");
        if (own_server) {
            // With another server, another name: client-go drops it too.
            access_.tls_server_name = cluster.member("tls-server-name").text();
        }
        if (const auto insecure = cluster.member("insecure-skip-tls-verify"); insecure.boolean()) {
            access_.insecure = true;
            access_.warnings.push_back(
                insecure.place() +
                ": insecure-skip-tls-verify: the API server is NOT verified; "
                "whoever is on the way to it can take over this node's "
                "traffic");
            if (access_.authority.given()) {
                insecure.fail("has no meaning together with certificate-authority: remove one");
            }
        }
        if (const auto proxy = cluster.member("proxy-url"); !proxy.text().empty()) {
            proxy.fail(
                "proxies are not supported: the node must reach its API server directly; "
                "remove it");
        }
        if (access_.exec && access_.exec->provide_cluster_info) {
            read_exec_config(cluster);
        }
    }

    void read_exec_config(const ConfigField& cluster) {
        for (const auto& extension : cluster.member("extensions").elements()) {
            if (extension.member("name").text() == std::string(kExecGroup) + "exec") {
                access_.exec->cluster_config = extension.member("extension").json();
            }
        }
    }

    void read_user(const ConfigField& user) {
        access_.client_certificate = material(user, "client-certificate");
        access_.client_key = material(user, "client-key");
        if (access_.client_certificate.given() != access_.client_key.given()) {
            user.fail("client-certificate and client-key belong together: add the other one");
        }
        access_.token = {.text = user.member("token").text(),
                         .file = file_name(user.member("tokenFile"))};
        access_.username = user.member("username").text();
        access_.password = user.member("password").text();
        if (access_.token.given() && !access_.username.empty()) {
            user.fail("both a token and a user name: keep one");
        }
        if (const auto provider = user.member("auth-provider"); provider.present()) {
            provider.fail("was removed from Kubernetes in 1.26: use exec");
        }
        for (const auto* const key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
            if (const auto as = user.member(key); as.present()) {
                as.fail("impersonation is not supported: give the user its own credentials");
            }
        }
        if (const auto exec = user.member("exec"); exec.present()) {
            read_exec(exec);
        }
    }

    void read_exec(const ConfigField& exec) {
        ExecPlugin plugin;
        const auto version = exec.member("apiVersion");
        plugin.api_version = version.text();
        const bool v1 = plugin.api_version == std::string(kExecGroup) + "v1";
        if (!v1 && plugin.api_version != std::string(kExecGroup) + "v1beta1") {
            version.fail("must be " + std::string(kExecGroup) + "v1 or " + std::string(kExecGroup) +
                         "v1beta1");
        }
        plugin.command = exec.member("command").text();
        if (plugin.command.empty()) {
            exec.fail("command is missing");
        } else if (plugin.command.find('/') != std::string::npos) {
            plugin.command = file_name(exec.member("command"));
        }
        for (const auto& argument : exec.member("args").elements()) {
            plugin.args.push_back(argument.text());
        }
        for (const auto& variable : exec.member("env").elements()) {
            plugin.env.emplace_back(variable.member("name").text(),
                                    variable.member("value").text());
        }
        check_interactive(exec.member("interactiveMode"), exec, v1);
        plugin.provide_cluster_info = exec.member("provideClusterInfo").boolean();
        plugin.install_hint = exec.member("installHint").text();
        access_.exec = std::move(plugin);
    }

    static void check_interactive(const ConfigField& mode, const ConfigField& exec, bool v1) {
        const auto text = mode.text();
        if (text == "Always") {
            mode.fail("a daemon has no terminal: the plugin must work with IfAvailable or Never");
        } else if (text.empty() && v1) {
            exec.fail("interactiveMode is missing: add Never or IfAvailable");
        } else if (!text.empty() && text != "Never" && text != "IfAvailable") {
            mode.fail("must be Never or IfAvailable");
        }
    }

    ConfigText& text_;
    ConfigField root_;
    std::filesystem::path folder_;
    ApiAccess access_;
};

// The one document of the file with anything in it.
Result<ConfigText> to_json(std::string_view text, const std::string& path) {
    std::vector<YamlDocument> documents;
    yaml_to_json(text,
                 [&documents](YamlDocument document) { documents.push_back(std::move(document)); });
    if (documents.empty()) {
        return fail("the file is empty: a kubeconfig belongs here", path);
    }
    auto& document = documents.front();
    if (!document.error.empty()) {
        return fail(document.error, path + ':' + std::to_string(document.error_line));
    }
    if (documents.size() > 1) {
        return fail("a second document starts here: a kubeconfig is one document",
                    path + ':' + std::to_string(documents[1].first_line));
    }
    return ConfigText{path, std::move(document.json), document.first_line, std::nullopt};
}

}  // namespace

Result<ApiAccess> parse_kubeconfig(std::string_view text, const std::string& path,
                                   const std::optional<std::string>& context,
                                   std::string_view master) {
    auto config = to_json(text, path);
    if (!config) {
        return std::unexpected(config.error());
    }
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(config->json).get(root) != simdjson::SUCCESS) {
        return fail("the file is not valid UTF-8, or nested too deeply", path);
    }
    if (!root.is_object()) {
        return fail("a kubeconfig (kind: Config) belongs here",
                    path + ':' + std::to_string(config->first_line));
    }
    return Reader(*config, root).read(context, master);
}

Result<ApiAccess> read_kubeconfig(const std::string& path,
                                  const std::optional<std::string>& context,
                                  std::string_view master) {
    const auto text = read_small_file(path);
    if (!text) {
        return fail("the kubeconfig cannot be read", path, text.error().code);
    }
    return parse_kubeconfig(*text, path, context, master);
}

}  // namespace sy
