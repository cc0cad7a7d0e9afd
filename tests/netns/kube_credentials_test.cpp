// Who the daemon is, whom it trusts, and what it says where that goes wrong.
#include "tests/netns/kube_fixture.h"

namespace sy::lab {
namespace {

class KubeCredentials : public KubeTest {
  protected:
    /// Started with these, the daemon does not get in, says `words`, and leaves the rules alone.
    void expect_locked_out(const Kubeconfig& kubeconfig, std::string_view words) {
        put_web({Place::pod1});
        start();
        ASSERT_TRUE(becomes(web_flow(), {"pod1 masq"}));
        daemon->terminate();
        const uint32_t before = generation();
        start_with(kubeconfig);
        EXPECT_TRUE(logs(words)) << daemon->log();
        EXPECT_EQ(generation(), before);
        EXPECT_TRUE(expect_reaches(lab(), web_flow(), {"pod1 masq"}, 8));
        expect_no_secret();
    }
    void expect_no_secret() const {
        for (const char* secret : {"first-token", "second-token", "PRIVATE KEY"}) {
            EXPECT_EQ(daemon->log().find(secret), std::string::npos) << secret;
        }
    }
};
SY_EVERY_FAMILY(KubeCredentials);

TEST_P(KubeCredentials, TokenFilesRotate) {
    put_web({Place::pod1});
    Kubeconfig kubeconfig = credentials();
    kubeconfig.token.clear();
    kubeconfig.token_file = files.write("token", "first-token\n");
    start_with(kubeconfig);
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    files.write("token", "second-token\n");
    server.configure([](ApiServerOptions& options) { options.tokens = {"second-token"}; });
    server.cut(Cut::fin);
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
    expect_no_secret();
}

TEST_P(KubeCredentials, ClientCertificates) {
    server.stop();
    server.configure([&](ApiServerOptions& options) {
        options.tokens.clear();
        options.client_authority = authority.certificate();
    });
    server.start();
    put_web({Place::pod1});
    Kubeconfig kubeconfig = credentials();
    kubeconfig.token.clear();
    kubeconfig.client = authority.client("system:kube-proxy", {"system:nodes"});
    start_with(kubeconfig);
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    for (const SeenRequest& seen : server.requests()) {
        EXPECT_EQ(seen.user, "system:kube-proxy") << seen.target;
    }
    expect_no_secret();
}

TEST_P(KubeCredentials, AnotherAuthorityIsNotTrusted) {
    Kubeconfig kubeconfig = credentials();
    kubeconfig.authority = CertificateAuthority("other").certificate();
    expect_locked_out(kubeconfig, "certificate");
}

TEST_P(KubeCredentials, AServerWithAnotherName) {
    Kubeconfig kubeconfig = credentials();
    kubeconfig.tls_server_name = "another.test";
    expect_locked_out(kubeconfig, "another.test");
}

TEST_P(KubeCredentials, TheNameMayBeGiven) {
    server.stop();
    server.configure([&](ApiServerOptions& options) {
        options.certificate = authority.server({{"kubernetes.test"}, {}});
    });
    server.start();
    put_web({Place::pod1});
    Kubeconfig kubeconfig = credentials();
    kubeconfig.tls_server_name = "kubernetes.test";
    start_with(kubeconfig);
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
}

TEST_P(KubeCredentials, AnExpiredServer) {
    put_web({Place::pod1});
    start();
    ASSERT_TRUE(becomes(web_flow(), {"pod1 masq"}));
    const uint32_t before = generation();
    server.stop();
    server.configure([&](ApiServerOptions& options) {
        options.certificate = authority.server({{}, {at(Place::blk).to_string()}}, kExpired);
    });
    server.start();
    EXPECT_TRUE(logs("expired"));
    EXPECT_EQ(generation(), before);
    server.stop();
    server.configure([&](ApiServerOptions& options) {
        options.certificate = authority.server({{}, {at(Place::blk).to_string()}});
    });
    server.start();
    put_web({Place::pod2});
    EXPECT_TRUE(becomes(web_flow(), {"pod2 masq"}));
}

TEST_P(KubeCredentials, AnUnknownToken) {
    Kubeconfig kubeconfig = credentials();
    kubeconfig.token = "second-token";
    expect_locked_out(kubeconfig, "401");
}

TEST_P(KubeCredentials, WhatIsForbiddenIsNamed) {
    put_web({Place::pod1});
    server.configure([](ApiServerOptions& options) {
        options.forbidden = {{"list", "endpointslices"}, {"watch", "endpointslices"}};
    });
    start();
    EXPECT_TRUE(logs("endpointslices is forbidden")) << daemon->log();
    server.configure([](ApiServerOptions& options) { options.forbidden.clear(); });
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
}

TEST_P(KubeCredentials, MasterOverPlainHttp) {
    server.stop();
    server.configure([](ApiServerOptions& options) {
        options.certificate.reset();
        options.tokens.clear();
    });
    server.start();
    put_web({Place::pod1});
    std::vector<std::string> words{"run", "--master", server.url()};
    const std::vector<std::string> flags = lab_flags();
    words.insert(words.end(), flags.begin(), flags.end());
    daemon = std::make_unique<Daemon>(lab(), words);
    EXPECT_TRUE(becomes(web_flow(), {"pod1 masq"}));
}

}  // namespace
}  // namespace sy::lab
