// The client over TLS: who is trusted, what is said if not, who we are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include <atomic>
#include <string>

#include "client_fixture.h"
#include "script_server.h"
#include "tests/support/certificates.h"

namespace sy {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const lab::ServerNames kLoopback{.dns = {"kubernetes", "kubernetes.default"}, .ips = {"127.0.0.1"}};

void say_ok(Peer& peer) {
    peer.request();
    peer.write(answer(200, "ok"));
}

class TlsClientTest : public ClientFixture {
  protected:
    ApiAccess trusting(const ScriptServer& server) const {
        auto access = access_to("127.0.0.1", server.port(), true);
        access.authority.text = ca.certificate();
        return access;
    }

    // The error of a request to a server with this identity.
    std::string fault_of(const ServerTls& tls, const std::function<void(ApiAccess&)>& change = {}) {
        const ScriptServer server(say_ok, tls);
        auto access = trusting(server);
        if (change) {
            change(access);
        }
        connect(access);
        recorder = {};
        get();
        EXPECT_FALSE(recorder.head);
        EXPECT_THAT(recorder.error(), StartsWith("127.0.0.1:" + std::to_string(server.port())));
        return recorder.error();
    }

    lab::CertificateAuthority ca;
};

TEST_F(TlsClientTest, VerifiesAnAddress) {
    const ScriptServer server(say_ok, ServerTls{.identity = ca.server(kLoopback)});
    connect(trusting(server));
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "ok");
    EXPECT_THAT(answers, ElementsAre("GET 200"));
}

TEST_F(TlsClientTest, VerifiesAName) {
    const ScriptServer server(
        say_ok, ServerTls{.identity = ca.server({.dns = {"*.cluster.test"}, .ips = {}})});
    options.resolve = [](const std::string&) -> Result<std::vector<IpAddr>> {
        return std::vector{IpAddr::v4(127, 0, 0, 1)};
    };
    auto access = trusting(server);
    access.server.host = "api.cluster.test";
    connect(access);
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "ok");
}

TEST_F(TlsClientTest, VerifiesTlsServerNameInstead) {
    const ScriptServer server(say_ok,
                              ServerTls{.identity = ca.server({.dns = {"kubernetes"}, .ips = {}})});
    auto access = trusting(server);
    access.tls_server_name = "kubernetes";
    connect(access);
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "ok");
}

TEST_F(TlsClientTest, ACertificateForOthersIsRefused) {
    EXPECT_THAT(fault_of({.identity = ca.server({.dns = {"kubernetes"}, .ips = {"10.96.0.1"}})}),
                HasSubstr("certificate is for kubernetes, 10.96.0.1, not for 127.0.0.1"));
    EXPECT_THAT(fault_of({.identity = ca.server(kLoopback)},
                         [](ApiAccess& access) { access.tls_server_name = "other"; }),
                AllOf(HasSubstr("not for other"), HasSubstr("tls-server-name")));
}

TEST_F(TlsClientTest, AnUnknownAuthorityIsRefused) {
    const lab::CertificateAuthority other("other-ca");
    EXPECT_THAT(fault_of({.identity = other.server(kLoopback)}),
                AllOf(HasSubstr("unknown authority"), HasSubstr("other-ca"),
                      HasSubstr("check certificate-authority")));
    // One of the same name with another key.
    const lab::CertificateAuthority impostor;
    EXPECT_THAT(fault_of({.identity = impostor.server(kLoopback)}), HasSubstr("unknown authority"));
}

TEST_F(TlsClientTest, WithoutAuthorityTheSystemsCount) {
    EXPECT_THAT(fault_of({.identity = ca.server(kLoopback)},
                         [](ApiAccess& access) { access.authority = {}; }),
                HasSubstr("unknown authority"));
}

TEST_F(TlsClientTest, TimesAreChecked) {
    EXPECT_THAT(fault_of({.identity = ca.server(kLoopback, lab::kExpired)}),
                HasSubstr("expired on"));
    EXPECT_THAT(fault_of({.identity = ca.server(kLoopback, lab::kNotYet)}),
                HasSubstr("not valid before"));
}

TEST_F(TlsClientTest, OldTlsIsRefused) {
    EXPECT_THAT(fault_of({.identity = ca.server(kLoopback),
                          .client_authority = "",
                          .max_version = TLS1_1_VERSION}),
                HasSubstr("no TLS 1.2"));
}

TEST_F(TlsClientTest, Tls12IsFine) {
    const ScriptServer server(say_ok, ServerTls{.identity = ca.server(kLoopback),
                                                .client_authority = "",
                                                .max_version = TLS1_2_VERSION});
    connect(trusting(server));
    get();
    EXPECT_EQ(recorder.error(), "");
}

TEST_F(TlsClientTest, InsecureTakesEverybody) {
    const lab::CertificateAuthority other("other-ca");
    const ScriptServer server(
        say_ok, ServerTls{.identity = other.server({.dns = {"x"}, .ips = {}}, lab::kExpired)});
    auto access = trusting(server);
    access.authority = {};
    access.insecure = true;
    connect(access);
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "ok");
}

TEST_F(TlsClientTest, AServerWithoutTlsIsNamed) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    connect(trusting(server));
    // The server waits for the end of a request that never comes: it answers when we have gone.
    get({.target = "/x", .head_timeout = std::chrono::milliseconds(200)});
    EXPECT_THAT(recorder.error(), HasSubstr("TLS handshake"));

    const ScriptServer hasty([](Peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    connect(trusting(hasty));
    recorder = {};
    get();
    EXPECT_THAT(recorder.error(), HasSubstr("does not speak TLS"));
}

TEST_F(TlsClientTest, AServerThatHangsUpIsNamed) {
    const ScriptServer server([](Peer&) {});
    connect(trusting(server));
    get();
    EXPECT_THAT(recorder.error(),
                AnyOf(HasSubstr("TLS handshake"), HasSubstr("Connection reset by peer")));
}

TEST_F(TlsClientTest, PresentsAClientCertificate) {
    std::string seen;
    const ScriptServer server(
        [&seen](Peer& peer) {
            seen = peer.client_name();
            say_ok(peer);
        },
        ServerTls{.identity = ca.server(kLoopback), .client_authority = ca.certificate()});
    const auto identity = ca.client("system:kube-proxy");
    auto access = trusting(server);
    access.client_certificate.text = identity.certificate;
    access.client_key.text = identity.key;
    connect(access);
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(seen, "system:kube-proxy");
}

TEST_F(TlsClientTest, AMissingClientCertificateIsNamed) {
    const auto identity = ca.server(kLoopback);
    EXPECT_THAT(fault_of({.identity = identity, .client_authority = ca.certificate()}),
                HasSubstr("demands a client certificate"));
    EXPECT_THAT(fault_of({.identity = identity,
                          .client_authority = ca.certificate(),
                          .max_version = TLS1_2_VERSION}),
                HasSubstr("a client certificate"));
}

TEST_F(TlsClientTest, AClientCertificateOfOthersIsRefused) {
    const lab::CertificateAuthority other("other-ca");
    const auto identity = other.client("me");
    EXPECT_THAT(fault_of({.identity = ca.server(kLoopback), .client_authority = ca.certificate()},
                         [&identity](ApiAccess& access) {
                             access.client_certificate.text = identity.certificate;
                             access.client_key.text = identity.key;
                         }),
                HasSubstr("refuses our client certificate"));
}

TEST_F(TlsClientTest, BrokenMaterialIsNamedButNotShown) {
    const auto identity = ca.client("me");
    const auto fault = [this](const std::function<void(ApiAccess&)>& change) {
        auto access = access_to("127.0.0.1", 1, true);
        access.authority.text = ca.certificate();
        change(access);
        connect(access);
        recorder = {};
        get();
        EXPECT_THAT(recorder.error(), Not(HasSubstr("MII")));
        return recorder.error();
    };
    EXPECT_THAT(fault([](ApiAccess& access) { access.authority.text = "MIIx"; }),
                HasSubstr("certificate-authority holds no certificate"));
    EXPECT_THAT(fault([](ApiAccess& access) {
                    access.authority.text +=
                        "-----BEGIN CERTIFICATE-----\nMIIx\n-----END CERTIFICATE-----\n";
                }),
                HasSubstr("certificate-authority holds no certificate"));
    EXPECT_THAT(fault([&](ApiAccess& access) {
                    access.client_certificate.text = "x";
                    access.client_key.text = identity.key;
                }),
                HasSubstr("client-certificate holds no certificate"));
    EXPECT_THAT(fault([&](ApiAccess& access) {
                    access.client_certificate.text = identity.certificate;
                    access.client_key.text = "x";
                }),
                HasSubstr("client-key holds no key"));
    EXPECT_THAT(fault([&](ApiAccess& access) {
                    access.client_certificate.text = identity.certificate;
                    access.client_key.text = ca.client("you").key;
                }),
                HasSubstr("client-key is not the key"));
    EXPECT_THAT(answers, ElementsAre("GET 0", "GET 0", "GET 0", "GET 0", "GET 0"));
}

TEST_F(TlsClientTest, StreamsWhatArrives) {
    const ScriptServer server(
        [](Peer& peer) {
            peer.request();
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nfirst");
            peer.wait_for_end();
        },
        ServerTls{.identity = ca.server(kLoopback)});
    connect(trusting(server));
    auto call =
        client->send({.target = "/x", .body_timeout = std::chrono::milliseconds(0)}, recorder);
    run_until([this] { return recorder.body == "first"; });
    call.reset();
    EXPECT_FALSE(recorder.end);
}

TEST_F(TlsClientTest, HalfARecordIsWaitedForWithoutTurning) {
    std::atomic<bool> go_on = false;
    const ScriptServer server(
        [&go_on](Peer& peer) {
            peer.request();
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            const auto record = peer.encrypted("5\r\nhello\r\n0\r\n\r\n");
            peer.write_raw(record.substr(0, 20));
            go_on.wait(false);
            peer.write_raw(record.substr(20));
        },
        ServerTls{.identity = ca.server(kLoopback)});
    connect(trusting(server));
    const auto call =
        client->send({.target = "/x", .body_timeout = std::chrono::milliseconds(0)}, recorder);
    run_until([this] { return recorder.head.has_value(); });
    io.restart();
    io.run_for(std::chrono::milliseconds(50));
    io.restart();
    EXPECT_EQ(io.run_for(std::chrono::milliseconds(50)), 0U);
    go_on = true;
    go_on.notify_all();
    run_until([this] { return recorder.end.has_value(); });
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "hello");
}

TEST_F(TlsClientTest, ACutIsAnError) {
    const ScriptServer server(
        [](Peer& peer) {
            peer.request();
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nfirst");
        },
        ServerTls{.identity = ca.server(kLoopback)});
    connect(trusting(server));
    get();
    EXPECT_EQ(recorder.body, "first");
    EXPECT_THAT(recorder.error(), HasSubstr("the answer was cut"));
}

TEST_F(TlsClientTest, CancelledAfterEveryStep) {
    const ScriptServer server(say_ok, ServerTls{.identity = ca.server(kLoopback)});
    connect(trusting(server));
    for (int steps = 0; steps < 15; ++steps) {
        recorder = {};
        auto call = client->send({.target = "/x"}, recorder);
        io.restart();
        for (int i = 0; i < steps && !recorder.end; ++i) {
            io.run_one();
        }
        const bool ended = recorder.end.has_value();
        call.reset();
        io.restart();
        io.run();
        EXPECT_EQ(recorder.end.has_value(), ended);
    }
}

TEST_F(TlsClientTest, LargeBodiesArriveWhole) {
    const std::string body(20UL << 20U, 'x');
    const ScriptServer server(
        [&body](Peer& peer) {
            peer.request();
            peer.write(answer(200, body));
        },
        ServerTls{.identity = ca.server(kLoopback)});
    connect(trusting(server));
    recorder.keep = false;
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.size, body.size());
}

}  // namespace
}  // namespace sy
