// A backend at work in the lab: objects go through the real model into the kernel of the node's
// namespace. Every shared case is written against this and runs for each registered backend and
// both families.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "tests/support/contenders.h"
#include "tests/support/expect.h"
#include "tests/support/objects.h"
#include "tests/support/probe.h"

namespace sy::lab {

/// Name of the node under test in Node objects and EndpointSlices.
inline constexpr std::string_view kNodeName = "node";
inline constexpr std::string_view kOtherNodeName = "node2";

/// Keeps what a backend says, for failure messages.
class RecordingLog : public Log {
  public:
    void write(LogLevel level, std::string_view message) override;
    std::string text() const { return text_; }

  private:
    std::string text_;
};

/// Cluster state, and a backend that has to make it true in the node's namespace.
class Cluster {
  public:
    /// Makes, probes and adopts; failures are reported as test failures. The state begins
    /// complete, with the Node object and no Service. Both families' facts are set up.
    /// A backend for sockets is given the lab's cgroup and its own folder for pins.
    Cluster(const Lab& lab, const Contender& contender);

    void put(const ServiceSpec& spec);
    void put(const Service& object);
    void put(const SliceSpec& spec);
    void put(const Node& node);
    void remove_service(std::string_view full_name);
    void remove_slice(const SliceSpec& spec);
    /// Everything of the Service: itself and the slice of each family with suffix "1".
    void remove(std::string_view full_name);

    /// Takes effect with the next sync.
    NodeFacts facts;
    /// Takes effect with the next restart.
    BackendSettings settings;

    /// Applies what changed.
    ApplyReport sync();
    /// Applies at most `max` of what changed, as part of a pass that is not over.
    ApplyReport sync_some(std::size_t max);
    /// As sync; anything but full success is a test failure.
    ApplyReport must_sync();
    /// Ends the backend object, as the death of the daemon would, and starts another one on what is
    /// in the kernel. Its first sync will offer all Services.
    KernelReport restart();
    /// Tends the backend until it has nothing left that takes its time, as the agent would.
    void settle();
    Result<KernelReport> audit();
    /// The plans of all Services, whatever was synced.
    PlanDelta plans();
    void teardown();

    Backend& backend() { return *backend_; }
    /// A new object of the backend, as another process would make it; to be called in the node's
    /// namespace.
    Result<std::unique_ptr<Backend>> another(Log& log) const;
    const OutsideView& view() const { return *contender_.view; }
    const RecordingLog& log() const { return log_; }
    std::size_t service_count() const { return state_.service_count(); }

  private:
    void make();
    void start();

    const Lab& lab_;
    const Contender& contender_;
    RecordingLog log_;
    Symbols symbols_;
    ClusterState state_;
    std::unique_ptr<Backend> backend_;
};

/// The Node object of the node under test.
Node node_object();
/// Recognises pods by the pod network of both families / by their interfaces.
LocalDetector cidr_detector();
LocalDetector interface_detector();

/// An endpoint on one of the lab's pods (or, for the node, on the host network).
SliceSpec& on(SliceSpec& slice, Family family, Place place, Pod pod = Pod::ready);

/// Where a case runs.
struct Variant {
    const Contender* backend = nullptr;
    Family family = Family::ipv4;
};
/// Every contender in every family.
std::vector<Variant> variants();
/// "nftables_ipv4"
std::string variant_name(const testing::TestParamInfo<Variant>& info);

/// Base of all packet cases: a fresh cluster in the shared lab, and the questions cases ask.
class PacketTest : public testing::TestWithParam<Variant> {
  protected:
    PacketTest();
    void TearDown() override;

    Family family() const { return GetParam().family; }
    const Lab& lab() const { return *shared_lab(); }
    IpAddr vip(unsigned n) const { return cluster_ip(family(), n); }
    IpAddr lb(unsigned n) const { return load_balancer_ip(family(), n); }
    IpAddr ext_ip(unsigned n) const { return external_ip(family(), n); }
    IpAddr node_ip() const { return address(Place::node, family()); }
    IpAddr at(Place place) const { return address(place, family()); }

    /// A slice of this family with port 8080 and ready endpoints at `places`.
    SliceSpec pods(std::string_view service, std::vector<Place> places,
                   Protocol protocol = Protocol::tcp) const;

    using Seen = std::set<std::string>;
    /// See expect.h. Flows from the node are tried by a client bound to its address and by one that
    /// is not. `expected` is what kube-proxy would show, see OutsideView.
    testing::AssertionResult reaches(const Flow& flow, const Seen& expected,
                                     unsigned tries = 16) const;
    /// What the backend shows instead of `expected`, see OutsideView. A difference is recorded as a
    /// property of the test, for the table in docs/backends.md.
    Seen as_shown(const Flow& flow, const Seen& expected) const;
    testing::AssertionResult refused(const std::vector<Flow>& flows) const;
    testing::AssertionResult silent(const std::vector<Flow>& flows) const;
    /// By a client whose packets the backend has to translate, whatever it could do for others.
    testing::AssertionResult reaches_by_packets(const Flow& flow, const Seen& expected,
                                                unsigned tries = 16) const;

    Cluster cluster;
};

/// Runs the cases of a fixture derived from PacketTest for every variant.
#define SY_EVERY_BACKEND(fixture)                                                         \
    INSTANTIATE_TEST_SUITE_P(Backends, fixture, testing::ValuesIn(::sy::lab::variants()), \
                             ::sy::lab::variant_name)

}  // namespace sy::lab
