#include "bench/compare/stage.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include "bench/harness.h"
#include "os/subprocess.h"
#include "tests/support/api_server.h"
#include "tests/support/api_server_kubeconfig.h"
#include "tests/support/bpf_scope.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace sy::bench {
namespace {

constexpr const char* kToken = "bench";

constexpr const char* kNode =
    R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"node"},"spec":{"podCIDR":)"
    R"("10.128.0.0/9","podCIDRs":["10.128.0.0/9"]},)"
    R"("status":{"addresses":[{"type":"InternalIP","address":"10.1.0.1"}]}})";
constexpr const char* kServiceCidr =
    R"({"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"kubernetes"},)"
    R"("spec":{"cidrs":["10.96.0.0/12"]}})";

constexpr const char* kService =
    R"({{"apiVersion":"v1","kind":"Service","metadata":{{"name":"probe-{0}","namespace":"probe"}},)"
    R"("spec":{{"type":"ClusterIP","clusterIP":"{1}","clusterIPs":["{1}"],"ipFamilies":["IPv4"],)"
    R"("ports":[{{"name":"p","protocol":"{2}","port":{3},"targetPort":{4}}}]}}}})";
constexpr const char* kSlice =
    R"({{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{{"name":)"
    R"("probe-{0}-x","namespace":"probe","labels":{{"kubernetes.io/service-name":"probe-{0}"}}}},)"
    R"("addressType":"IPv4","endpoints":[{{"addresses":["{1}"],"conditions":{{"ready":true,)"
    R"("serving":true,"terminating":false}},"nodeName":"node"}}],)"
    R"("ports":[{{"name":"p","protocol":"{2}","port":{3}}}]}})";

/// What kube-proxy reads as well. Limits of the host's connection tracking stay as they are.
constexpr const char* kConfiguration = R"(apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: "{0}"
clientConnection:
  kubeconfig: {1}
clusterCIDR: 10.128.0.0/9,fd00:10::a80:0/105
hostnameOverride: node
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
conntrack:
  maxPerCore: 0
  min: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
)";

constexpr uint32_t kProbeServices = (10U << 24) | (111U << 16);
constexpr uint32_t kProbeEndpoints = (10U << 24) | (250U << 16);
constexpr Port kProbePort{443};
constexpr uint32_t kUdp = 255;  // beside the numbers of probes
constexpr uint16_t kProbedPort = 5300;

IpAddr address(uint32_t host_order) {
    return IpAddr::v4(static_cast<uint8_t>(host_order >> 24),
                      static_cast<uint8_t>(host_order >> 16), static_cast<uint8_t>(host_order >> 8),
                      static_cast<uint8_t>(host_order));
}

void must_run(const std::vector<std::string>& argv) {
    const auto done = run_program({.argv = argv});
    if (!done || done->status != 0) {
        give_up(argv.at(0) + ": " + (done ? done->err : done.error().message()));
    }
}

void make_network() {
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        give_up("no namespaces of its own: run as root");
    }
    // Every address of an endpoint is this machine; those of Services are not, but have a route.
    const std::vector<std::vector<std::string>> commands{
        {"ip", "link", "set", "lo", "up"},
        {"ip", "route", "add", "local", "10.128.0.0/9", "dev", "lo"},
        // Endpoints that have moved, and the many of some Services.
        {"ip", "route", "add", "local", "11.0.0.0/8", "dev", "lo"},
        {"ip", "route", "add", "local", "12.0.0.0/8", "dev", "lo"},
        {"ip", "route", "add", "local", "13.0.0.0/8", "dev", "lo"},
        {"ip", "address", "add", "10.1.0.1/32", "dev", "lo"},
        {"ip", "route", "add", "default", "dev", "lo", "src", "10.1.0.1"}};
    for (const auto& argv : commands) {
        must_run(argv);
    }
}

}  // namespace

Stage::Stage(const Props& props, const lab::BulkSpec& cluster)
    : bulk_(cluster), files_(props.files), scope_(props.scope) {
    make_network();
    if (auto joined = scope_.join(); !joined) {
        give_up(joined.error().message());
    }
    serve();
}

Stage::~Stage() {
    (void)scope_.leave();
}

void Stage::serve() {
    const lab::CertificateAuthority authority;
    lab::ApiServerOptions options;
    options.certificate = authority.server({{}, {"127.0.0.1"}});
    options.tokens = {kToken};
    server_ = std::make_unique<lab::TestApiServer>(options);
    server_->put(kNode);
    server_->put(kServiceCidr);
    server_->load(bulk_);
    for (uint32_t i = 0; i < kProbes; ++i) {
        create_probe(i);
    }
    server_->put(fmt::format(kService, kUdp, udp_frontend().ip.to_string(), "UDP",
                             kProbePort.number(), kServedPort.number()));
    server_->put(
        fmt::format(kSlice, kUdp, udp_endpoint().ip.to_string(), "UDP", kServedPort.number()));
    server_->start();
    lab::Kubeconfig kubeconfig;
    kubeconfig.server = server_->url();
    kubeconfig.authority = authority.certificate();
    kubeconfig.token = kToken;
    kubeconfig_ = files_.write("kubeconfig", kubeconfig.text());
}

std::vector<std::string> Stage::command(const Contender& contender) const {
    std::string text = fmt::format(kConfiguration, contender.mode, kubeconfig_);
    std::vector<std::string> argv{contender.program, "--config", files_.write("config.yaml", text)};
    argv.insert(argv.end(), contender.flags.begin(), contender.flags.end());
    if (contender.mode == "ebpf") {
        argv.insert(argv.end(), {"--cgroup-root", scope_.cgroup().string(), "--bpf-root",
                                 (scope_.folder() / "switchyard").string()});
    }
    return argv;
}

std::string Stage::log() const {
    return (files_.path() / "log").string();
}

EndpointAddr Stage::frontend(uint32_t index) const {
    return {address(bulk_.first_cluster_ip + index), kServicePort};
}

EndpointAddr Stage::endpoint(uint32_t index, uint32_t number) const {
    return {address(lab::bulk_pod_ip(bulk_, index, number)), kServedPort};
}

void Stage::change(uint32_t index, uint32_t generation) {
    server_->change_slice(bulk_, index, generation);
}

EndpointAddr Stage::probe(uint32_t i) const {
    return {address(kProbeServices + i + 1), kProbePort};
}

EndpointAddr Stage::udp_frontend() const {
    return probe(kUdp);
}

// Two generations in turn would meet what connection tracking remembers.
IpAddr Stage::probe_endpoint(uint32_t i, uint32_t generation) const {
    return address(kProbeEndpoints + generation % 1024 * 256 + i % 256);
}

void Stage::create_probe(uint32_t i) {
    server_->put(
        fmt::format(kService, i, probe(i).ip.to_string(), "TCP", kProbePort.number(), kProbedPort));
    move_probe(i, 0);
}

void Stage::move_probe(uint32_t i, uint32_t generation) {
    server_->put(
        fmt::format(kSlice, i, probe_endpoint(i, generation).to_string(), "TCP", kProbedPort));
}

void Stage::remove_probe(uint32_t i) {
    server_->remove("endpointslices", "probe", fmt::format("probe-{}-x", i));
    server_->remove("services", "probe", fmt::format("probe-{}", i));
}

void Stage::forget_unanswered() const {
    // It exits with 1 if there was nothing to forget.
    (void)run_program({.argv = {"conntrack", "-D", "-p", "tcp", "--state", "SYN_SENT"}});
}

}  // namespace sy::bench
