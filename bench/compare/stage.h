// Where a proxy is measured: a node in namespaces of its own, whose endpoints are all local, and an
// API server whose objects are the cluster.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/net.h"
#include "tests/support/api_server_bulk.h"

namespace sy::lab {
class TestApiServer;
class TempFolder;
class BpfScope;
}  // namespace sy::lab

namespace sy::bench {

/// Services beside the many, with a single endpoint, so that every connection follows a change.
inline constexpr uint32_t kProbes = 16;
/// Where a Service of the many answers.
inline constexpr Port kServicePort{80};
/// Where its endpoints do.
inline constexpr Port kServedPort{8080};

/// The program to be measured.
struct Contender {
    std::string program;
    /// `mode` of the KubeProxyConfiguration.
    std::string mode;
    /// More of its flags.
    std::vector<std::string> flags{};
};

/// What a stage needs of the machine. Made by a process that outlives the one on the stage, so that
/// it is gone however that ends.
struct Props {
    const lab::TempFolder& files;
    const lab::BpfScope& scope;
};

/// Moves this process into network and mount namespaces of its own.
class Stage {
  public:
    Stage(const Props& props, const lab::BulkSpec& cluster);
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;
    ~Stage();

    /// Writes the contender's configuration; how to start it.
    std::vector<std::string> command(const Contender& contender) const;
    /// Where it shall write its log.
    std::string log() const;

    uint32_t services() const { return bulk_.services; }
    EndpointAddr frontend(uint32_t index) const;
    EndpointAddr endpoint(uint32_t index, uint32_t number) const;
    /// Moves one endpoint of a Service of the many; another generation is another address.
    void change(uint32_t index, uint32_t generation);

    /// A Service of UDP, and its endpoint.
    EndpointAddr udp_frontend() const;
    EndpointAddr udp_endpoint() const { return {probe_endpoint(255, 0), kServedPort}; }

    /// Of the i-th probe; i may be kProbes or more for those that do not exist yet.
    EndpointAddr probe(uint32_t i) const;
    IpAddr probe_endpoint(uint32_t i, uint32_t generation) const;
    void create_probe(uint32_t i);
    /// Its only endpoint is another one now.
    void move_probe(uint32_t i, uint32_t generation);
    void remove_probe(uint32_t i);

    /// Forgets connections that were begun before there were rules. The kernel remembers for two
    /// minutes that such a port is not translated, and who gets it next waits in vain.
    void forget_unanswered() const;

  private:
    void serve();

    lab::BulkSpec bulk_;
    const lab::TempFolder& files_;
    const lab::BpfScope& scope_;
    std::unique_ptr<lab::TestApiServer> server_;
    std::string kubeconfig_;
};

}  // namespace sy::bench
