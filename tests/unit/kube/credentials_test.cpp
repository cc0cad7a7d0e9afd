// Credentials that change while the client is at work: files, 401, exec plugins.
#include "kube/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include "client_fixture.h"
#include "kube/exec_credential.h"
#include "script_server.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace sy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto kV1 = "client.authentication.k8s.io/v1";

std::string field(const std::string& request, const std::string& name) {
    const auto at = request.find(name + ": ");
    if (at == std::string::npos) {
        return "";
    }
    const auto start = at + name.size() + 2;
    return request.substr(start, request.find("\r\n", start) - start);
}

/// A server that takes one Authorization and keeps all it saw.
class Guarded {
  public:
    explicit Guarded(const std::optional<ServerTls>& tls = std::nullopt)
        : server_([this](Peer& peer) { serve(peer); }, tls) {}

    void accept(const std::string& authorization) {
        const std::lock_guard lock(mutex_);
        accepted_ = authorization;
    }
    std::vector<std::string> seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }
    uint16_t port() const { return server_.port(); }

  private:
    void serve(Peer& peer) {
        const auto request = peer.request();
        bool good = false;
        {
            const std::lock_guard lock(mutex_);
            seen_.push_back(field(request, "Authorization"));
            good = seen_.back() == accepted_;
        }
        peer.write(good ? answer(200, "ok") : answer(401, "who?"));
    }

    mutable std::mutex mutex_;
    std::string accepted_;
    std::vector<std::string> seen_;
    ScriptServer server_;  // last: its threads use the rest
};

class CredentialsTest : public ClientFixture {
  protected:
    ApiAccess with_token_file() const {
        auto access = access_to("127.0.0.1", server.port());
        access.token.file = folder.path() / "token";
        return access;
    }

    /// An executable script; returns its path.
    std::string script(const std::string& text) const {
        const auto path = folder.write("plugin", "#!/bin/sh\n" + text);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }

    ApiAccess with_plugin(const std::string& text) const {
        auto access = access_to("127.0.0.1", server.port());
        access.exec = ExecPlugin{};
        access.exec->api_version = kV1;
        access.exec->command = script(text);
        return access;
    }

    static std::string prints(const std::string& status) {
        return R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
               R"("status":{)" +
               status + "}}'\n";
    }

    /// How often the script has run, if it counts.
    std::size_t runs() const {
        std::ifstream file(folder.path() / "runs");
        return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(file),
                                                   std::istreambuf_iterator<char>(), '.'));
    }
    std::string counts() const {
        return "printf . >> '" + (folder.path() / "runs").string() + "'\n";
    }

    void again() {
        recorder = {};
        get();
    }

    lab::TempFolder folder;
    Guarded server;
};

TEST_F(CredentialsTest, ATokenFileIsTrimmedAndFollowed) {
    folder.write("token", "one\n");
    server.accept("Bearer one");
    connect(with_token_file());
    get();
    EXPECT_EQ(recorder.body, "ok");
    folder.write("token", "two");
    server.accept("Bearer two");
    again();
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_THAT(server.seen(), ElementsAre("Bearer one", "Bearer two"));
}

TEST_F(CredentialsTest, A401ReadsTheFileAgainAndTriesOnceMore) {
    folder.write("token", "one");
    server.accept("Bearer one");
    auto access = with_token_file();
    connect(access);
    options.credentials.look_interval =
        std::chrono::hours(1);  // the file is not looked at by itself
    client = make_api_client(io, log, access, options);
    get();
    folder.write("token", "two");
    server.accept("Bearer two");
    again();
    EXPECT_EQ(recorder.status(), 200U);
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_THAT(server.seen(), ElementsAre("Bearer one", "Bearer one", "Bearer two"));
    EXPECT_THAT(answers, ElementsAre("GET 200", "GET 401", "GET 200"));
}

TEST_F(CredentialsTest, A401IsPassedOnIfThereIsNothingNewer) {
    folder.write("token", "one");
    server.accept("Bearer two");
    connect(with_token_file());
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.status(), 401U);
    EXPECT_EQ(recorder.body, "who?");
    EXPECT_THAT(server.seen(), ElementsAre("Bearer one"));
}

TEST_F(CredentialsTest, ATokenThatCannotBeReadIsAnErrorOnlyWithoutALastOne) {
    connect(with_token_file());
    get();
    EXPECT_THAT(recorder.error(), AllOf(HasSubstr("/token"), HasSubstr("No such file")));
    folder.write("token", "one");
    server.accept("Bearer one");
    again();
    EXPECT_EQ(recorder.body, "ok");
    std::filesystem::remove(folder.path() / "token");
    again();
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_THAT(log.text(), Not(HasSubstr("one;")));
}

TEST_F(CredentialsTest, CertificateAndKeyAreFollowed) {
    const lab::CertificateAuthority ca;
    std::mutex mutex;
    std::vector<std::string> names;
    const ScriptServer tls_server(
        [&](Peer& peer) {
            {
                const std::lock_guard lock(mutex);
                names.push_back(peer.client_name());
            }
            peer.request();
            peer.write(answer(200, "ok"));
        },
        ServerTls{.identity = ca.server({.dns = {}, .ips = {"127.0.0.1"}}),
                  .client_authority = ca.certificate()});
    auto access = access_to("127.0.0.1", tls_server.port(), true);
    access.authority.text = ca.certificate();
    access.client_certificate.file = folder.path() / "client.crt";
    access.client_key.file = folder.path() / "client.key";
    const auto first = ca.client("first");
    const auto second = ca.client("second");
    folder.write("client.crt", first.certificate);
    folder.write("client.key", first.key);
    connect(access);
    again();
    folder.write("client.crt", second.certificate);
    again();  // the key is still the old one: both stay
    folder.write("client.key", second.key);
    again();
    EXPECT_THAT(names, ElementsAre("first", "first", "second"));
    EXPECT_THAT(log.text(), AllOf(HasSubstr("the last one is used"), Not(HasSubstr("BEGIN"))));
}

TEST_F(CredentialsTest, AnAuthorityIsFollowed) {
    const lab::CertificateAuthority old_ca("old");
    const lab::CertificateAuthority new_ca("new");
    const ScriptServer tls_server(
        [](Peer& peer) {
            peer.request();
            peer.write(answer(200, "ok"));
        },
        ServerTls{.identity = new_ca.server({.dns = {}, .ips = {"127.0.0.1"}})});
    auto access = access_to("127.0.0.1", tls_server.port(), true);
    access.authority.file = folder.write("ca.crt", old_ca.certificate());
    connect(access);
    get();
    EXPECT_THAT(recorder.error(), HasSubstr("unknown authority"));
    folder.write("ca.crt", old_ca.certificate() + new_ca.certificate());
    again();
    EXPECT_EQ(recorder.error(), "");
}

// -- exec plugins
// -----------------------------------------------------------------------------------

TEST_F(CredentialsTest, APluginGivesAToken) {
    server.accept("Bearer from-plugin");
    connect(with_plugin(counts() + prints(R"("token":"from-plugin")")));
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "ok");
    again();
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_EQ(runs(), 1U);
}

TEST_F(CredentialsTest, APluginSeesItsArgumentsAndEnvironment) {
    const std::string out = folder.path() / "seen";
    auto access = with_plugin("{ echo \"$1|$2|$X\"; echo \"$KUBERNETES_EXEC_INFO\"; cat; } > '" +
                              out + "'\n" + prints(R"("token":"t")"));
    access.exec->args = {"a b", "$(id)"};
    access.exec->env = {{"X", "y"}};
    connect(access);
    get();
    std::ifstream file(out);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, "a b|$(id)|y\n" + exec_info(access, "") + '\n');
}

TEST_F(CredentialsTest, OneRunServesAllThatWait) {
    server.accept("Bearer t");
    connect(with_plugin(counts() + "sleep 0.2\n" + prints(R"("token":"t")")));
    Recorder second;
    const auto one = client->send({.target = "/1"}, recorder);
    const auto two = client->send({.target = "/2"}, second);
    run_until([&] { return recorder.end && second.end; });
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_EQ(second.body, "ok");
    EXPECT_EQ(runs(), 1U);
}

TEST_F(CredentialsTest, AnExpiredTokenIsRenewed) {
    server.accept("Bearer t");
    connect(with_plugin(counts() +
                        prints(R"("token":"t","expirationTimestamp":"2020-01-01T00:00:00Z")")));
    get();
    again();
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_EQ(runs(), 2U);
}

TEST_F(CredentialsTest, ATokenIsKeptUntilItExpires) {
    server.accept("Bearer t");
    connect(with_plugin(counts() +
                        prints(R"("token":"t","expirationTimestamp":"2199-01-01T00:00:00Z")")));
    get();
    again();
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_EQ(runs(), 1U);
}

TEST_F(CredentialsTest, A401RunsThePluginAgain) {
    const std::string token = folder.write("answer", "one");
    server.accept("Bearer one");
    connect(with_plugin(counts() + "T=$(cat '" + token + "')\n" + prints(R"("token":"'"$T"'")")));
    get();
    EXPECT_EQ(recorder.body, "ok");
    folder.write("answer", "two");
    server.accept("Bearer two");
    again();
    EXPECT_EQ(recorder.status(), 200U);
    EXPECT_EQ(runs(), 2U);
    EXPECT_THAT(server.seen(), ElementsAre("Bearer one", "Bearer one", "Bearer two"));
    // The same token once more: passed on, not tried in circles.
    server.accept("Bearer three");
    again();
    EXPECT_EQ(recorder.status(), 401U);
    EXPECT_EQ(runs(), 3U);
}

TEST_F(CredentialsTest, PluginFaultsAreNamed) {
    const auto fault = [this](const std::string& text) {
        auto access = with_plugin(text);
        access.exec->install_hint = "apt install it";
        options.credentials.plugin_timeout = std::chrono::milliseconds(500);
        connect(access);
        again();
        EXPECT_THAT(recorder.error(), AllOf(HasSubstr("exec plugin /"), Not(HasSubstr("secret"))));
        return recorder.error();
    };
    EXPECT_THAT(fault("echo 'no\nlogin' >&2; exit 3"),
                AllOf(HasSubstr("exited with 3: no"), Not(HasSubstr("\n"))));
    EXPECT_THAT(fault("echo secret"), HasSubstr("something else than one JSON object"));
    EXPECT_THAT(fault(prints("")), HasSubstr("neither a token nor"));
    EXPECT_THAT(fault("exec sleep 1000"), HasSubstr("does not end"));
    EXPECT_THAT(fault("exec cat /dev/zero"), HasSubstr("writes too much"));
    EXPECT_THAT(server.seen(), IsEmpty());
}

TEST_F(CredentialsTest, AMissingPluginComesWithItsHint) {
    auto access = access_to("127.0.0.1", server.port());
    access.exec = ExecPlugin{};
    access.exec->api_version = kV1;
    access.exec->command = "no-such-plugin";
    access.exec->install_hint = "apt install it";
    connect(access);
    get();
    EXPECT_THAT(recorder.error(), AllOf(HasSubstr("no-such-plugin"), HasSubstr("apt install it"),
                                        HasSubstr("No such file")));
}

TEST_F(CredentialsTest, APluginGivesACertificate) {
    const lab::CertificateAuthority ca;
    std::string name;
    const ScriptServer tls_server(
        [&name](Peer& peer) {
            name = peer.client_name();
            peer.request();
            peer.write(answer(200, "ok"));
        },
        ServerTls{.identity = ca.server({.dns = {}, .ips = {"127.0.0.1"}}),
                  .client_authority = ca.certificate()});
    const auto identity = ca.client("plugged");
    const auto json = [](std::string pem) {
        for (auto at = pem.find('\n'); at != std::string::npos; at = pem.find('\n', at)) {
            pem.replace(at, 1, "\\n");
        }
        return '"' + pem + '"';
    };
    auto access = with_plugin(
        "cat <<'E'\n"
        R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{)"
        R"("clientCertificateData":)" +
        json(identity.certificate) + R"(,"clientKeyData":)" + json(identity.key) + "}}\nE\n");
    access.server = {.tls = true, .host = "127.0.0.1", .port = tls_server.port(), .base_path = ""};
    access.authority.text = ca.certificate();
    connect(access);
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(name, "plugged");
}

TEST_F(CredentialsTest, CallsMayGoWhileAPluginRuns) {
    server.accept("Bearer t");
    connect(with_plugin(counts() + "sleep 0.2\n" + prints(R"("token":"t")")));
    auto call = client->send({.target = "/1"}, recorder);
    run_until([this] { return runs() == 1; });
    call.reset();
    again();
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_EQ(runs(), 1U);
}

TEST_F(CredentialsTest, TheClientMayGoWhileAPluginRuns) {
    connect(with_plugin(counts() + "sleep 0.2\n" + prints(R"("token":"t")")));
    auto call = client->send({.target = "/1"}, recorder);
    run_until([this] { return runs() == 1; });
    call.reset();
    client.reset();
    io.restart();
    io.run();
    EXPECT_FALSE(recorder.end);
}

}  // namespace
}  // namespace sy
