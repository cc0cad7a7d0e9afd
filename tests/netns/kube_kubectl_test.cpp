// The test API server before a judge that is not ours: kubectl.
#include <gmock/gmock.h>

#include "tests/netns/kube_fixture.h"

namespace sy::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

class Kubectl : public KubeTest {
  protected:
    void SetUp() override {
        config_ = write(credentials());
        if (!run_in(lab().at(Place::node), {"kubectl", "version", "--client"})) {
            GTEST_SKIP() << "no kubectl";
        }
    }
    std::string kubectl(std::vector<std::string> words, std::string_view input = {}) {
        words.insert(words.begin(), {"kubectl", "--kubeconfig", config_, "--request-timeout=20s"});
        const Result<Finished> done = run_in(lab().at(Place::node), words, input);
        EXPECT_TRUE(done) << done.error().message();
        return done ? done->out + done->err : "";
    }

    std::string config_;
};
SY_EVERY_FAMILY(Kubectl);

TEST_P(Kubectl, AppliesGetsAndDeletes) {
    const std::vector<std::string> apply{"apply", "--validate=false", "-f", "-"};
    const std::string object =
        R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web","labels":{"a":"b"}},)"
        R"("spec":{"clusterIP":"10.96.0.7","ports":[{"port":80}]}})";
    EXPECT_THAT(kubectl(apply, object), HasSubstr("service/web created"));
    EXPECT_THAT(kubectl(apply, object), HasSubstr("service/web unchanged"));
    EXPECT_THAT(kubectl({"label", "service", "web", "a=c", "--overwrite"}), HasSubstr("labeled"));
    EXPECT_THAT(kubectl({"get", "service", "-l", "a=c"}), HasSubstr("web"));
    EXPECT_THAT(kubectl({"get", "service", "-l", "!a"}), Not(HasSubstr("web")));
    EXPECT_THAT(kubectl({"delete", "service", "web"}), HasSubstr("deleted"));
    EXPECT_THAT(kubectl({"get", "service", "web"}), HasSubstr("(NotFound)"));
}

TEST_P(Kubectl, ReadsPagesAndDiscovery) {
    BulkSpec bulk;
    bulk.services = 120;
    server.load(bulk);
    server.forget_requests();
    const std::string names =
        kubectl({"get", "endpointslices", "-A", "--chunk-size=50", "-o", "name"});
    EXPECT_EQ(std::count(names.begin(), names.end(), '\n'), 120);
    EXPECT_EQ(server.requests("list", "endpointslices"), 3u);
    EXPECT_THAT(kubectl({"api-resources"}), HasSubstr("servicecidrs"));
    EXPECT_THAT(kubectl({"get", "nodes", "-o", "yaml"}), HasSubstr("podCIDRs:"));
}

TEST_P(Kubectl, TakesTheStepsOfTheGuide) {
    // docs/replace-kube-proxy.md, as far as an API server alone goes.
    const std::string deploy = SWITCHYARD_DEPLOY "/kubernetes/";
    const std::string config = files.write("config.conf", "mode: \"nftables\"\n");
    const std::vector<std::string> both{"-f", deploy + "rbac.yaml", "-f",
                                        deploy + "daemonset.yaml"};
    const auto with_both = [&](std::vector<std::string> words) {
        words.insert(words.end(), both.begin(), both.end());
        return words;
    };
    server.put(
        R"({"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"namespace":"kube-system",)"
        R"("name":"kube-proxy"},"spec":{"template":{"spec":{}}}})");
    EXPECT_THAT(kubectl({"-n", "kube-system", "create", "configmap", "switchyard",
                         "--from-file=" + config}),
                HasSubstr("created"));
    EXPECT_THAT(kubectl({"-n", "kube-system", "get", "configmap", "switchyard", "-o",
                         R"(jsonpath={.data.config\.conf})"}),
                HasSubstr(R"(mode: "nftables")"));
    EXPECT_THAT(kubectl(with_both({"apply"})), HasSubstr("daemonset.apps/switchyard created"));
    EXPECT_THAT(kubectl({"-n", "kube-system", "patch", "daemonset", "kube-proxy", "--patch-file",
                         deploy + "kube-proxy-stays-away.yaml"}),
                HasSubstr("patched"));
    EXPECT_THAT(*server.get("daemonsets", "kube-system", "kube-proxy"), HasSubstr("nodeAffinity"));
    EXPECT_THAT(kubectl({"label", "nodes", "--all", "service-proxy=switchyard"}),
                HasSubstr("node/node labeled"));
    EXPECT_THAT(kubectl({"-n", "kube-system", "get", "pods", "-o", "wide", "--field-selector",
                         "spec.nodeName=node"}),
                HasSubstr("No resources found"));
    EXPECT_THAT(kubectl({"-n", "kube-system", "rollout", "status", "daemonset/switchyard"}),
                HasSubstr("successfully rolled out"));
    EXPECT_THAT(kubectl({"label", "nodes", "--all", "service-proxy-"}), HasSubstr("unlabeled"));
    EXPECT_THAT(kubectl(with_both({"delete"})), Not(HasSubstr("rror")));
    EXPECT_EQ(server.count("clusterroles") + server.count("serviceaccounts"), 0u);
}

TEST_P(Kubectl, IsRefusedWhenItShouldBe) {
    server.configure([](ApiServerOptions& options) { options.forbidden = {{"list", "services"}}; });
    EXPECT_THAT(kubectl({"get", "services"}), HasSubstr("(Forbidden): services is forbidden"));
    server.configure([](ApiServerOptions& options) { options.tokens = {"other"}; });
    EXPECT_THAT(kubectl({"get", "services"}), HasSubstr("must be logged in"));
}

}  // namespace
}  // namespace sy::lab
