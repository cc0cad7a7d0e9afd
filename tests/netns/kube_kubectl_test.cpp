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

TEST_P(Kubectl, IsRefusedWhenItShouldBe) {
    server.configure([](ApiServerOptions& options) { options.forbidden = {{"list", "services"}}; });
    EXPECT_THAT(kubectl({"get", "services"}), HasSubstr("(Forbidden): services is forbidden"));
    server.configure([](ApiServerOptions& options) { options.tokens = {"other"}; });
    EXPECT_THAT(kubectl({"get", "services"}), HasSubstr("must be logged in"));
}

}  // namespace
}  // namespace sy::lab
