#include "kube/exec_credential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sy {
namespace {

using std::chrono::sys_days;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr auto kV1 = "client.authentication.k8s.io/v1";

std::string credential(const std::string& status) {
    return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" +
           status + "}\n";
}

TEST(ExecCredential, WithToken) {
    const auto read = parse_exec_credential(
        credential(R"({"token":"t","expirationTimestamp":"2026-01-02T03:04:05Z"})"), kV1);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->token, "t");
    EXPECT_EQ(read->expires, sys_days(2026y / 1 / 2) + 3h + 4min + 5s);
}

TEST(ExecCredential, WithCertificate) {
    const auto read = parse_exec_credential(
        credential(R"({"clientCertificateData":"c","clientKeyData":"k"})"), kV1);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->certificate, "c");
    EXPECT_EQ(read->key, "k");
    EXPECT_EQ(read->expires, std::nullopt);
}

TEST(ExecCredential, FaultsAreNamedWithoutQuoting) {
    const std::vector<std::pair<std::string, std::string>> faults{
        {"", "JSON"},
        {"error: secret", "JSON"},
        {"[]", "JSON"},
        {R"({"kind":"Secret"})", "ExecCredential"},
        {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})",
         "v1beta1"},
        {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})", "status"},
        {credential("{}"), "neither"},
        {credential(R"({"token":3})"), "neither"},
        {credential(R"({"clientCertificateData":"secret"})"), "only one"},
        {credential(R"({"token":"secret","expirationTimestamp":"soon"})"), "expirationTimestamp"},
    };
    for (const auto& [json, expected] : faults) {
        const auto read = parse_exec_credential(json, kV1);
        ASSERT_FALSE(read) << json;
        EXPECT_THAT(read.error().message(), HasSubstr(expected));
        EXPECT_THAT(read.error().message(), Not(HasSubstr("secret")));
    }
}

TEST(ExecCredential, Times) {
    const auto base = sys_days(2026y / 1 / 2) + 3h + 4min + 5s;
    EXPECT_EQ(parse_time("2026-01-02T03:04:05Z"), base);
    EXPECT_EQ(parse_time("2026-01-02T03:04:05.123456789Z"), base);
    EXPECT_EQ(parse_time("2026-01-02T05:04:05+02:00"), base);
    EXPECT_EQ(parse_time("2026-01-01T22:34:05-04:30"), base);
    EXPECT_EQ(parse_time("9999-12-31T23:59:59Z"), sys_days(2200y / 12 / 31) + 24h - 1s);
    EXPECT_EQ(parse_time("0001-01-01T00:00:00Z"), sys_days(1972y / 1 / 1));
    for (const auto* const text :
         {"", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z",
          "2026-01-02T24:04:05Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+0200",
          "-026-01-02T03:04:05Z", "2026-01-02T03:04:05Zx"}) {
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
    }
}

TEST(ExecInfo, WithoutCluster) {
    ApiAccess access;
    access.exec = ExecPlugin{};
    access.exec->api_version = kV1;
    EXPECT_EQ(exec_info(access, "pem"),
              R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
              R"("spec":{"interactive":false}})");
}

TEST(ExecInfo, WithCluster) {
    ApiAccess access;
    access.server = {.tls = true, .host = "h", .port = 6443, .base_path = "/b"};
    access.tls_server_name = "n\"";
    access.exec = ExecPlugin{};
    access.exec->api_version = kV1;
    access.exec->provide_cluster_info = true;
    EXPECT_EQ(exec_info(access, "foo"),
              R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
              R"("spec":{"interactive":false,"cluster":{"server":"https://h:6443/b",)"
              R"("tls-server-name":"n\"","certificate-authority-data":"Zm9v","config":null}}})");
    access.exec->cluster_config = R"({"a":1})";
    access.tls_server_name = "";
    access.insecure = true;
    EXPECT_THAT(exec_info(access, ""),
                HasSubstr(R"("cluster":{"server":"https://h:6443/b",)"
                          R"("insecure-skip-tls-verify":true,"config":{"a":1}}})"));
}

}  // namespace
}  // namespace sy
