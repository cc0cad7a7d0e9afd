#include "kube/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace sy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

EnvLookup environment(std::map<std::string, std::string> variables) {
    return
        [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
        };
}

TEST(ServerUrl, IsReadAndPrinted) {
    const std::vector<std::pair<std::string, std::string>> urls{
        {"https://10.0.0.1:6443", "https://10.0.0.1:6443"},
        {"https://api.example.org", "https://api.example.org:443"},
        {"http://127.0.0.1:8001/", "http://127.0.0.1:8001"},
        {"http://localhost", "http://localhost:80"},
        {"https://[fd00::1]:6443", "https://[fd00::1]:6443"},
        {"https://[fd00::1]", "https://[fd00::1]:443"},
        {"https://rancher.example.org/k8s/clusters/c-1/",
         "https://rancher.example.org:443/k8s/clusters/c-1"},
        {"10.0.0.1:8080", "http://10.0.0.1:8080"},
        {"https://h:", "https://h:443"},
    };
    for (const auto& [text, expected] : urls) {
        const auto url = parse_server_url(text, false);
        ASSERT_TRUE(url) << text << ": " << url.error().message();
        EXPECT_EQ(url->to_string(), expected);
    }
    EXPECT_EQ(parse_server_url("h:1", true)->to_string(), "https://h:1");
}

TEST(ServerUrl, KeepsHostsWithoutBrackets) {
    const auto url = parse_server_url("https://[fd00::1]:6443", true);
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "fd00::1");
    EXPECT_EQ(url->authority(), "[fd00::1]:6443");
}

TEST(ServerUrl, RefusesWhatIsNone) {
    for (const auto* const text :
         {"", "https://", "ftp://h", "https://h:0", "https://h:65536", "https://h:x",
          "https://h:1:2", "https://fd00::1", "https://[fd00::1", "https://[h]",
          "https://[fd00::1]x", "https://u:p@h", "https://h?q", "https://h/#f", "https://h/a b",
          "https://h\r\nX: y", "https://h\xff"}) {
        EXPECT_FALSE(parse_server_url(text, true)) << text;
    }
}

class ServiceAccount : public ::testing::Test {
  protected:
    ServiceAccount() {
        std::string folder = ::testing::TempDir() + "account-XXXXXX";
        folder_ = ::mkdtemp(folder.data());
    }
    ~ServiceAccount() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ + '/' + name) << text;
    }

    std::string folder_;
};

const std::map<std::string, std::string> kPod{{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                                              {"KUBERNETES_SERVICE_PORT", "443"}};

TEST_F(ServiceAccount, IsUsedInAPod) {
    write("token", "t");
    write("ca.crt", "c");
    const auto access = in_cluster_access(environment(kPod), folder_);
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->server.to_string(), "https://[fd00::1]:443");
    EXPECT_EQ(access->token.file, folder_ + "/token");
    EXPECT_EQ(access->authority.file, folder_ + "/ca.crt");
    EXPECT_THAT(access->warnings, IsEmpty());
}

TEST_F(ServiceAccount, WorksWithoutAuthority) {
    write("token", "t");
    const auto access = in_cluster_access(environment(kPod), folder_);
    ASSERT_TRUE(access);
    EXPECT_FALSE(access->authority.given());
    EXPECT_THAT(access->warnings, SizeIs(1));
}

TEST_F(ServiceAccount, NamesTheMendsOutsideOfAPod) {
    const auto access = in_cluster_access(environment({}), folder_);
    ASSERT_FALSE(access);
    EXPECT_THAT(access.error().message(), HasSubstr("KUBERNETES_SERVICE_HOST"));
    EXPECT_THAT(access.error().message(), HasSubstr("--kubeconfig"));
    EXPECT_THAT(access.error().message(), HasSubstr("--manifests"));
}

TEST_F(ServiceAccount, NamesAMissingToken) {
    const auto access = in_cluster_access(environment(kPod), folder_);
    ASSERT_FALSE(access);
    EXPECT_THAT(access.error().message(), HasSubstr(folder_ + "/token"));
    EXPECT_THAT(access.error().message(), HasSubstr("No such file"));
}

TEST_F(ServiceAccount, RefusesAStrangeEnvironment) {
    write("token", "t");
    auto env = kPod;
    env["KUBERNETES_SERVICE_PORT"] = "tcp://1.2.3.4:443";
    EXPECT_FALSE(in_cluster_access(environment(env), folder_));
    env = kPod;
    env["KUBERNETES_SERVICE_HOST"] = "a\r\nb";
    EXPECT_FALSE(in_cluster_access(environment(env), folder_));
}

TEST_F(ServiceAccount, IsTheChoiceWithoutKubeconfigAndMaster) {
    write("token", "t");
    const auto access = find_access(
        {.kubeconfig = {}, .master = {}, .context = {}, .service_account_folder = folder_},
        environment(kPod));
    ASSERT_TRUE(access);
    EXPECT_EQ(access->token.file, folder_ + "/token");
}

TEST_F(ServiceAccount, ProxiesAreIgnoredLoudly) {
    write("token", "t");
    write("ca.crt", "c");
    auto env = kPod;
    env["HTTPS_PROXY"] = "http://proxy";
    env["http_proxy"] = "";
    const auto access = find_access(
        {.kubeconfig = {}, .master = {}, .context = {}, .service_account_folder = folder_},
        environment(env));
    ASSERT_TRUE(access);
    EXPECT_THAT(access->warnings, ::testing::ElementsAre(HasSubstr("HTTPS_PROXY is ignored")));
}

TEST_F(ServiceAccount, UnencryptedCredentialsAreLoud) {
    write("config",
          "users: [{name: u, user: {token: t}}]\n"
          "contexts: [{name: x, context: {user: u, cluster: c}}]\n"
          "clusters: [{name: c, cluster: {server: 'https://h'}}]\n"
          "current-context: x\n");
    const auto access = find_access({.kubeconfig = folder_ + "/config",
                                     .master = "http://10.0.0.1:8080",
                                     .context = {},
                                     .service_account_folder = folder_},
                                    environment({}));
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->token.text, "t");
    EXPECT_THAT(access->warnings, ::testing::ElementsAre(HasSubstr("unencrypted")));
}

TEST_F(ServiceAccount, IsNotUsedWithMaster) {
    write("token", "t");
    const auto access = find_access({.kubeconfig = {},
                                     .master = "http://10.0.0.1:8080",
                                     .context = {},
                                     .service_account_folder = folder_},
                                    environment(kPod));
    ASSERT_TRUE(access);
    EXPECT_EQ(access->server.to_string(), "http://10.0.0.1:8080");
    EXPECT_FALSE(access->token.given());
    const auto wrong = find_access(
        {.kubeconfig = {}, .master = "http://", .context = {}, .service_account_folder = folder_},
        environment(kPod));
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message(), HasSubstr("--master"));
}

}  // namespace
}  // namespace sy
