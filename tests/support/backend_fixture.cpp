#include "tests/support/backend_fixture.h"

#include <array>
#include <chrono>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <thread>

namespace sy::lab {
namespace {

/// The flows, and those of the node's processes that can also be had without a fixed source.
std::vector<Flow> with_unbound_clients(const std::vector<Flow>& flows) {
    std::vector<Flow> all = flows;
    for (const Flow& flow : flows) {
        const bool has_ports = flow.kind == Flow::Kind::tcp || flow.kind == Flow::Kind::udp;
        if (flow.from == Place::node && !flow.source && has_ports) {
            all.push_back(unbound(flow));
        }
    }
    return all;
}

/// How the connections of `these` that are not among `those` end: the last words, sorted.
std::string ends_of_others(const std::set<std::string>& these, const std::set<std::string>& those) {
    std::set<std::string> ends;
    for (const std::string& word : these) {
        if (!those.contains(word)) {
            ends.insert(word.substr(word.rfind(' ') + 1));
        }
    }
    std::string all;
    for (const std::string& end : ends) {
        all += (all.empty() ? "" : " or ") + end;
    }
    return all;
}

}  // namespace

void RecordingLog::write(LogLevel level, std::string_view message) {
    constexpr std::array<std::string_view, 4> kLevels{"debug: ", "info: ", "warning: ", "error: "};
    text_ += std::string(kLevels[static_cast<std::size_t>(level)]) + std::string(message) + "\n";
}

Node node_object() {
    Node node;
    node.name = kNodeName;
    for (Family family : kFamilies) {
        node.addresses.push_back(address(Place::node, family));
        node.pod_cidrs.push_back(pod_network(family));
    }
    return node;
}

LocalDetector cidr_detector() {
    return CidrDetector{{pod_network(Family::ipv4), pod_network(Family::ipv6)}};
}

LocalDetector interface_detector() {
    return InterfaceDetector{std::string(kPodInterfacePrefix), true};
}

SliceSpec& on(SliceSpec& slice, Family family, Place place, Pod pod) {
    const bool local = place == Place::pod1 || place == Place::pod2 || place == Place::node;
    return slice.endpoint(address(place, family), std::string(local ? kNodeName : kOtherNodeName),
                          pod);
}

Cluster::Cluster(const Lab& lab, const Contender& contender)
    : lab_(lab), contender_(contender), state_(symbols_, std::string(kNodeName)) {
    for (Family family : kFamilies) {
        facts.nodeport_addresses.push_back(address(Place::node, family));
        facts.service_cidrs.push_back(service_network(family));
    }
    facts.detector = cidr_detector();
    if (lab.cgroup()) {
        settings.ebpf.cgroup_root = *lab.cgroup();
        settings.ebpf.bpf_root = lab.bpf_root();
    } else {  // never the whole machine
        settings.ebpf.cgroup_root = settings.ebpf.bpf_root = "/nonexistent";
    }
    if (contender.choose != nullptr) {
        contender.choose(settings);
    }
    put(node_object());
    state_.apply(Listed{Kind::service});
    state_.apply(Listed{Kind::endpoint_slice});
    start();
}

Result<std::unique_ptr<Backend>> Cluster::another(Log& log) const {
    return contender_.entry->make(settings, log);
}

void Cluster::make() {
    backend_.reset();
    Result<std::unique_ptr<Backend>> made = another(log_);
    if (!made) {
        throw std::runtime_error("cannot open the backend: " + made.error().message());
    }
    backend_ = std::move(*made);
}

void Cluster::start() {
    Entered inside(lab_.at(Place::node));
    make();
    const Result<void> probed = backend_->probe();
    EXPECT_TRUE(probed) << (probed ? "" : probed.error().message());
    const Result<KernelReport> adopted = backend_->adopt();
    EXPECT_TRUE(adopted) << (adopted ? "" : adopted.error().message());
}

void Cluster::put(const ServiceSpec& spec) {
    state_.apply(Upserted{spec.object()});
}

void Cluster::put(const Service& object) {
    state_.apply(Upserted{object});
}

void Cluster::put(const SliceSpec& spec) {
    state_.apply(Upserted{spec.object(symbols_)});
}

void Cluster::put(const Node& node) {
    state_.apply(Upserted{node});
}

void Cluster::remove_service(std::string_view full_name) {
    const ServiceName name = service_name(full_name);
    state_.apply(Removed{{Kind::service, name.ns, name.name}});
}

void Cluster::remove_slice(const SliceSpec& spec) {
    state_.apply(Removed{{Kind::endpoint_slice, spec.ns(), spec.name()}});
}

void Cluster::remove(std::string_view full_name) {
    remove_service(full_name);
    for (Family family : kFamilies) {
        remove_slice(slice(full_name, family));
    }
}

ApplyReport Cluster::sync() {
    const PlanDelta delta = state_.take(std::numeric_limits<std::size_t>::max());
    Entered inside(lab_.at(Place::node));
    return backend_->apply(delta, facts, true);
}

ApplyReport Cluster::sync_some(std::size_t max) {
    const PlanDelta delta = state_.take(max);
    Entered inside(lab_.at(Place::node));
    return backend_->apply(delta, facts, false);
}

ApplyReport Cluster::must_sync() {
    ApplyReport report = sync();
    EXPECT_FALSE(report.failure) << report.failure->message() << "\n" << log_.text();
    for (const Quarantined& one : report.quarantined) {
        ADD_FAILURE() << one.service.to_string() << ": " << one.error.message();
    }
    return report;
}

KernelReport Cluster::restart() {
    Entered inside(lab_.at(Place::node));
    make();
    const Result<KernelReport> adopted = backend_->adopt();
    EXPECT_TRUE(adopted) << (adopted ? "" : adopted.error().message());
    state_.mark_all_dirty();
    return adopted ? *adopted : KernelReport{};
}

Result<KernelReport> Cluster::audit() {
    Entered inside(lab_.at(Place::node));
    return backend_->audit();
}

void Cluster::settle() {
    Entered inside(lab_.at(Place::node));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (const auto wait = backend_->tend_in()) {
        std::this_thread::sleep_for(*wait);
        const Result<void> done = backend_->tend();
        ASSERT_TRUE(done) << done.error().message();
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it never settles";
    }
}

PlanDelta Cluster::plans() {
    state_.mark_all_dirty();
    return state_.take(std::numeric_limits<std::size_t>::max());
}

void Cluster::teardown() {
    Entered inside(lab_.at(Place::node));
    const Result<void> done = backend_->teardown();
    EXPECT_TRUE(done) << (done ? "" : done.error().message());
}

std::vector<Variant> variants() {
    std::vector<Variant> all;
    for (const Contender& one : contenders()) {
        for (Family family : kFamilies) {
            all.push_back({&one, family});
        }
    }
    return all;
}

std::string variant_name(const testing::TestParamInfo<Variant>& info) {
    return std::string(info.param.backend->name) +
           (info.param.family == Family::ipv4 ? "_ipv4" : "_ipv6");
}

PacketTest::PacketTest() : cluster(*shared_lab(), *GetParam().backend) {}

void PacketTest::TearDown() {
    cluster.teardown();
    cluster.view().sweep(lab());
    const Result<void> flushed = flush_conntrack(lab().at(Place::node));
    EXPECT_TRUE(flushed) << (flushed ? "" : flushed.error().message());
    if (HasFailure()) {
        std::cout << "the backend said:\n" << cluster.log().text();
    }
}

SliceSpec PacketTest::pods(std::string_view service, std::vector<Place> places,
                           Protocol protocol) const {
    SliceSpec spec = slice(service, family());
    spec.port(kServerPort.number(), protocol);
    for (Place place : places) {
        on(spec, family(), place);
    }
    return spec;
}

testing::AssertionResult PacketTest::reaches(const Flow& flow, const Seen& expected,
                                             unsigned tries) const {
    for (const Flow& each : with_unbound_clients({flow})) {
        const Seen shown = as_shown(each, expected);
        if (testing::AssertionResult result = expect_reaches(lab(), each, shown, tries); !result) {
            return result;
        }
    }
    return testing::AssertionSuccess();
}

PacketTest::Seen PacketTest::as_shown(const Flow& flow, const Seen& expected) const {
    Seen shown = cluster.view().as_shown(cluster.facts, flow, expected);
    if (shown != expected) {
        RecordProperty("differs", ends_of_others(shown, expected) + " instead of " +
                                      ends_of_others(expected, shown));
    }
    return shown;
}

testing::AssertionResult PacketTest::reaches_by_packets(const Flow& flow, const Seen& expected,
                                                        unsigned tries) const {
    return expect_reaches(lab(), flow, expected, tries);
}

testing::AssertionResult PacketTest::refused(const std::vector<Flow>& flows) const {
    return expect_refused(lab(), with_unbound_clients(flows));
}

testing::AssertionResult PacketTest::silent(const std::vector<Flow>& flows) const {
    return expect_silent(lab(), with_unbound_clients(flows));
}

}  // namespace sy::lab
