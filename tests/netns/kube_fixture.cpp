#include "tests/netns/kube_fixture.h"

#include <iostream>

#include "backends/nftables/kernel/connection.h"

namespace sy::lab {
namespace {

constexpr const char* kToken = "first-token";
constexpr const char* kDrop =
    "table inet blackhole {\n"
    "  chain in { type filter hook input priority 0; tcp dport 6443 drop; }\n"
    "  chain out { type filter hook output priority 0; tcp sport 6443 drop; }\n"
    "}\n";

}  // namespace

KubeTest::KubeTest() : server(server_options(), &lab().at(Place::blk)) {
    server.put_all(cluster_manifest());
    server.start();
}

void KubeTest::TearDown() {
    blackhole(false);
    if (HasFailure()) {
        std::cout << "the last requests:\n";
        const std::vector<SeenRequest> all = server.requests();
        for (std::size_t i = all.size() > 30 ? all.size() - 30 : 0; i < all.size(); ++i) {
            std::cout << all[i].status << " " << all[i].method << " " << all[i].target << "\n";
        }
    }
    DaemonTest::TearDown();
}

ApiServerOptions KubeTest::server_options() const {
    ApiServerOptions options;
    options.address = at(Place::blk).to_string();
    options.port = 6443;
    options.certificate = authority.server({{"kubernetes.test"}, {options.address}});
    options.tokens = {kToken};
    return options;
}

Kubeconfig KubeTest::credentials() const {
    Kubeconfig kubeconfig;
    kubeconfig.server = server.url();
    kubeconfig.authority = authority.certificate();
    kubeconfig.token = kToken;
    return kubeconfig;
}

std::string KubeTest::write(const Kubeconfig& kubeconfig) const {
    return files.write("kubeconfig", kubeconfig.text());
}

void KubeTest::start(std::vector<std::string> more) {
    start_with(credentials(), std::move(more));
}

void KubeTest::start_with(const Kubeconfig& kubeconfig, std::vector<std::string> more) {
    std::vector<std::string> words{"run", "--kubeconfig", write(kubeconfig)};
    for (const std::vector<std::string>& flags : {lab_flags(), more}) {
        words.insert(words.end(), flags.begin(), flags.end());
    }
    daemon = std::make_unique<Daemon>(lab(), words);
}

bool KubeTest::logs(std::string_view words) const {
    return eventually([&] { return daemon->log().find(words) != std::string::npos; });
}

bool KubeTest::synced() const {
    return logs("synced");
}

bool KubeTest::watching() const {
    const auto all = [&] {
        return server.watches("services") > 0 && server.watches("endpointslices") > 0 &&
               server.watches("nodes") > 0 && server.watches("servicecidrs") > 0;
    };
    // A client that failed often waits long before it tries again.
    return eventually(all) || eventually(all) || eventually(all);
}

void KubeTest::put_web(std::vector<Place> places) {
    server.put_all(web("shop/web", 1) + pods("shop/web", std::move(places)));
}

std::set<std::string> KubeTest::masqueraded(const std::vector<Place>& places) {
    std::set<std::string> words;
    for (const Place place : places) {
        words.insert(std::string(to_string(place)) + " masq");
    }
    return words;
}

BulkSpec KubeTest::bulk(uint32_t services) {
    BulkSpec spec;
    spec.services = services;
    spec.first_cluster_ip = (10U << 24) | (98U << 16) | 1;
    return spec;
}

uint32_t KubeTest::generation() const {
    const Entered inside(lab().at(Place::node));
    Result<nft::Connection> kernel = nft::Connection::open();
    const Result<uint32_t> number = kernel ? kernel->generation() : std::unexpected(kernel.error());
    EXPECT_TRUE(number) << number.error().message();
    return number.value_or(0);
}

void KubeTest::blackhole(bool wanted) {
    if (wanted == blackholed_) {
        return;
    }
    blackholed_ = wanted;
    const NetNs& there = lab().at(Place::blk);
    EXPECT_TRUE(wanted ? must_run_in(there, {"nft", "-f", "-"}, kDrop)
                       : must_run_in(there, {"nft", "delete", "table", "inet", "blackhole"}));
}

}  // namespace sy::lab
