#include "kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr auto kFile = "/etc/sy/proxy.conf";

// As kubeadm writes it for kube-proxy.
constexpr auto kKubeadm = R"(apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
    server: https://10.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    namespace: default
    user: default
  name: default
current-context: default
users:
- name: default
  user:
    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
)";

TEST(Kubeconfig, OfKubeadmIsRead) {
    const auto access = parse_kubeconfig(kKubeadm, kFile);
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->server.to_string(), "https://10.0.0.1:6443");
    EXPECT_EQ(access->authority.file, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
    EXPECT_EQ(access->token.file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
    EXPECT_FALSE(access->insecure);
    EXPECT_THAT(access->warnings, IsEmpty());
}

TEST(Kubeconfig, MayBeJson) {
    const auto access =
        parse_kubeconfig(R"({"clusters":[{"name":"c","cluster":{"server":"http://h"}}],
        "contexts":[{"name":"x","context":{"cluster":"c"}}],"current-context":"x"})",
                         kFile);
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->server.to_string(), "http://h:80");
}

// A kubeconfig with one user and one cluster, whose fields are given (flow style).
std::string config(const std::string& user, const std::string& cluster = "server: https://h") {
    return "current-context: x\n"
           "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
           "clusters:\n- name: c\n  cluster: {" +
           cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n";
}

TEST(Kubeconfig, RelativeFilesAreRelativeToIt) {
    const auto access = parse_kubeconfig(
        config("client-certificate: ../pki/a.crt, client-key: ./a.key, tokenFile: t",
               "server: https://h, certificate-authority: ca.crt"),
        kFile);
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->client_certificate.file, "/etc/pki/a.crt");
    EXPECT_EQ(access->client_key.file, "/etc/sy/a.key");
    EXPECT_EQ(access->token.file, "/etc/sy/t");
    EXPECT_EQ(access->authority.file, "/etc/sy/ca.crt");
}

TEST(Kubeconfig, InlineDataCountsBeforeFiles) {
    const auto access = parse_kubeconfig(
        config("client-certificate-data: Zm9v, client-key-data: YmFy, client-key: k",
               "server: https://h, certificate-authority-data: Zm9vYmFy, certificate-authority: f"),
        kFile);
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->client_certificate, (Material{"foo", ""}));
    EXPECT_EQ(access->client_key, (Material{"bar", ""}));
    EXPECT_EQ(access->authority, (Material{"foobar", ""}));
}

TEST(Kubeconfig, TokensAndPasswords) {
    EXPECT_EQ(parse_kubeconfig(config("token: t, tokenFile: /f"), kFile)->token,
              (Material{"t", "/f"}));
    const auto basic = parse_kubeconfig(config("username: u, password: p"), kFile);
    ASSERT_TRUE(basic);
    EXPECT_EQ(basic->username, "u");
    EXPECT_EQ(basic->password, "p");
}

TEST(Kubeconfig, InsecureIsLoud) {
    const auto access =
        parse_kubeconfig(config("", "server: https://h, insecure-skip-tls-verify: true"), kFile);
    ASSERT_TRUE(access);
    EXPECT_TRUE(access->insecure);
    EXPECT_THAT(access->warnings, ElementsAre(AllOf(StartsWith("/etc/sy/proxy.conf:5: "),
                                                    HasSubstr("NOT verified"))));
}

TEST(Kubeconfig, MasterReplacesTheServerAndItsName) {
    const auto text = config("token: t", "server: https://h, tls-server-name: other");
    EXPECT_EQ(parse_kubeconfig(text, kFile)->tls_server_name, "other");
    const auto access = parse_kubeconfig(text, kFile, std::nullopt, "https://10.0.0.9:6443");
    ASSERT_TRUE(access);
    EXPECT_EQ(access->server.to_string(), "https://10.0.0.9:6443");
    EXPECT_EQ(access->tls_server_name, "");
    EXPECT_EQ(access->token.text, "t");
}

TEST(Kubeconfig, MasterIsEnoughWithoutContext) {
    const auto access = parse_kubeconfig("kind: Config\n", kFile, std::nullopt, "http://h:8080");
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->server.to_string(), "http://h:8080");
}

TEST(Kubeconfig, AContextCanBeChosen) {
    const auto* const text = R"(
contexts:
- {name: a, context: {cluster: a}}
- {name: b, context: {cluster: b}}
clusters:
- {name: a, cluster: {server: "https://a"}}
- {name: b, cluster: {server: "https://b"}}
current-context: a
)";
    EXPECT_EQ(parse_kubeconfig(text, kFile)->server.host, "a");
    EXPECT_EQ(parse_kubeconfig(text, kFile, "b")->server.host, "b");
    EXPECT_THAT(parse_kubeconfig(text, kFile, "c").error().message(),
                HasSubstr(R"(no context is called "c" (there are: "a", "b"))"));
}

TEST(Kubeconfig, ExecPlugins) {
    const auto access = parse_kubeconfig(
        config("exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/get, "
               "args: [a, 'b c'], env: [{name: X, value: z}], interactiveMode: Never, "
               "provideClusterInfo: true, installHint: try this}",
               "server: https://h, extensions: [{name: client.authentication.k8s.io/exec, "
               "extension: {audience: z}}]"),
        kFile);
    ASSERT_TRUE(access) << access.error().message();
    ASSERT_TRUE(access->exec);
    EXPECT_EQ(access->exec->api_version, "client.authentication.k8s.io/v1");
    EXPECT_EQ(access->exec->command, "/etc/sy/bin/get");
    EXPECT_THAT(access->exec->args, ElementsAre("a", "b c"));
    EXPECT_THAT(access->exec->env, ElementsAre(Pair("X", "z")));
    EXPECT_TRUE(access->exec->provide_cluster_info);
    EXPECT_EQ(access->exec->cluster_config, R"({"audience":"z"})");
    EXPECT_EQ(access->exec->install_hint, "try this");
}

TEST(Kubeconfig, ABareCommandIsLookedUpLater) {
    const auto access = parse_kubeconfig(
        config("exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws}"), kFile);
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->exec->command, "aws");
}

std::string exec_with(const std::string& fields) {
    return config("exec: {" + fields + "}");
}

// text, and what the error must contain
using Fault = std::pair<std::string, std::vector<std::string>>;

class KubeconfigFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(KubeconfigFaults, NameThePlaceAndTheMend) {
    const auto& [text, expected] = GetParam();
    const auto access = parse_kubeconfig(text, kFile);
    ASSERT_FALSE(access);
    const auto message = access.error().message();
    EXPECT_THAT(message, StartsWith(kFile));
    for (const auto& part : expected) {
        EXPECT_THAT(message, HasSubstr(part));
    }
    EXPECT_THAT(message, ::testing::Not(HasSubstr("secret-token")));
}

INSTANTIATE_TEST_SUITE_P(
    All, KubeconfigFaults,
    ::testing::Values(
        Fault{"", {"empty"}}, Fault{"a: [", {":1"}}, Fault{"- a\n", {":1", "kind: Config"}},
        Fault{"a: 1\n---\nb: 2\n", {":2", "one document"}},
        Fault{"contexts: [{name: a, context: {}}]\n", {"current-context", "\"a\""}},
        Fault{"current-context: z\ncontexts: [{name: a, context: {}}]\n",
              {":1", "current-context", "\"z\"", "\"a\""}},
        Fault{"current-context: a\ncontexts: [{name: a, context: {}}]\n", {":2", "cluster"}},
        Fault{"current-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\n",
              {":3", "contexts[0].context.user", "users"}},
        Fault{"current-context: a\ncontexts:\n- {name: a}\n- {name: a}\n", {":4", "second"}},
        Fault{"current-context: 3\n", {":1", "quotes"}},
        Fault{"current-context: a\ncontexts: 1\n", {":2", "list"}},
        Fault{config("token: 12"), {":8", "users[0].user.token", "quotes"}},
        Fault{config("token: secret-token, username: u"), {":8", "keep one"}},
        Fault{config("token: secret-token, token: b"), {":8", "token", "twice"}},
        Fault{config("client-certificate: a"), {":8", "client-key"}},
        Fault{config("client-certificate-data: '?', client-key: k"),
              {"client-certificate-data", "base64"}},
        Fault{config("auth-provider: {name: gcp}"), {"auth-provider", "exec"}},
        Fault{config("as: admin"), {"users[0].user.as", "impersonation"}},
        Fault{config("", "certificate-authority: a"), {":5", "server is missing"}},
        Fault{config("", "server: 'ftp://h'"), {":5", "clusters[0].cluster.server", "http"}},
        Fault{config("", "server: 'https://h', proxy-url: 'http://p'"), {":5", "proxy-url"}},
        Fault{config("",
                     "server: 'https://h', insecure-skip-tls-verify: true, "
                     "certificate-authority: c"),
              {"insecure-skip-tls-verify", "remove one"}},
        Fault{config("", "server: 'https://h', insecure-skip-tls-verify: 'no'"),
              {"insecure-skip-tls-verify", "true or false"}},
        Fault{exec_with("apiVersion: client.authentication.k8s.io/v1alpha1, command: a"),
              {"exec.apiVersion", "v1beta1"}},
        Fault{exec_with("apiVersion: client.authentication.k8s.io/v1beta1"),
              {"command is missing"}},
        Fault{exec_with("apiVersion: client.authentication.k8s.io/v1, command: a"),
              {"interactiveMode"}},
        Fault{exec_with("apiVersion: client.authentication.k8s.io/v1, command: a, "
                        "interactiveMode: Always"),
              {"interactiveMode", "terminal"}},
        Fault{exec_with("apiVersion: client.authentication.k8s.io/v1, command: a, "
                        "interactiveMode: x"),
              {"interactiveMode", "Never"}},
        Fault{exec_with("apiVersion: client.authentication.k8s.io/v1beta1, command: a, args: b"),
              {"exec.args", "list"}}));

TEST(Kubeconfig, OnlyTheChosenEntriesAreRead) {
    const auto access = parse_kubeconfig(
        "users: [{name: other, user: {auth-provider: {}}}]\n"
        "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://h'}}, {name: d, cluster: {proxy-url: "
        "p}}]\n",
        kFile);
    EXPECT_TRUE(access) << access.error().message();
}

TEST(Kubeconfig, AFileThatIsNotThereIsNamed) {
    const auto access = read_kubeconfig("/nonexistent/kubeconfig");
    ASSERT_FALSE(access);
    EXPECT_EQ(access.error().message(),
              "/nonexistent/kubeconfig: the kubeconfig cannot be read: No such file or directory");
    EXPECT_THAT(read_kubeconfig("/tmp").error().message(), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace sy
