#include "cli/commands/feed.h"

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "kube/access.h"
#include "kube/api_client.h"
#include "source/kubernetes/source.h"
#include "source/manifest/source.h"

namespace sy {
namespace {

class ManifestFeed final : public Feed {
  public:
    ManifestFeed(FeedParts parts, const Options& options)
        : source_(parts.io, parts.symbols, parts.log, options.manifests) {}

    Source& source() override { return source_; }
    void look_again() override { source_.rescan(); }
    ApiClient* api() override { return nullptr; }

  private:
    ManifestSource source_;
};

class KubernetesFeed final : public Feed {
  public:
    KubernetesFeed(FeedParts parts, const Options& options, ApiAccess access)
        : client_(make_api_client(parts.io, parts.log, std::move(access),
                                  {.user_agent = user_agent_of(SWITCHYARD_VERSION),
                                   .credentials = {},
                                   .on_answer = std::move(parts.on_answer)})),
          source_(parts.io, *client_, parts.symbols, parts.log, parts.watches,
                  {.node_name = options.node_name, .random_seed = std::random_device()()}) {}

    Source& source() override { return source_; }
    void look_again() override {}
    ApiClient* api() override { return client_.get(); }

  private:
    std::unique_ptr<ApiClient> client_;
    KubernetesSource source_;
};

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

Result<std::unique_ptr<Feed>> Feed::open(FeedParts parts, const Options& options) {
    if (!options.api) {
        return std::make_unique<ManifestFeed>(std::move(parts), options);
    }
    AccessOptions how;
    how.kubeconfig = options.api->kubeconfig;
    how.master = options.api->master;
    auto access = find_access(how, environment);
    if (!access) {
        return std::unexpected(access.error());
    }
    for (const std::string& warning : access->warnings) {
        parts.log.warning(warning);
    }
    parts.log.info("API server " + access->server.to_string());
    return std::make_unique<KubernetesFeed>(std::move(parts), options, std::move(*access));
}

}  // namespace sy
