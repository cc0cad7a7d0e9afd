// The real kernel behind the eBPF backend's seam: a bpffs, a cgroup and a network namespace of each
// test's own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "backends/ebpf/kernel/map_set.h"
#include "backends/ebpf/kernel/open.h"
#include "base/log.h"
#include "tests/support/bpf_scope.h"
#include "tests/support/netns.h"

namespace sy::ebpf {

/// A TCP server on the loopback of a namespace that tells everyone its port.
class Server {
  public:
    Server(const lab::NetNs& ns, Family family);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    const EndpointAddr& address() const { return address_; }

  private:
    EndpointAddr address_;
    Fd listener_;
    std::thread worker_;
};

class KernelLog : public Log {
  public:
    void write(LogLevel level, std::string_view message) override;
    std::string text() const;

  private:
    mutable std::mutex mutex_;
    std::string text_;
};

/// The test process is in the cgroup of `scope` and `kernel` translates its sockets; `ns` is the
/// node.
class EbpfKernel : public ::testing::Test {
  protected:
    EbpfKernel();
    ~EbpfKernel() override;

    /// Another Kernel on the same folder, as a process that has just started has.
    std::unique_ptr<Kernel> open(const EbpfSettings& settings);
    std::unique_ptr<Kernel> open() { return open(settings); }

    /// A set with nothing in it.
    std::unique_ptr<MapSet> create(MapSet* like = nullptr);
    /// As `like`, but with room for more services.
    std::unique_ptr<MapSet> create_larger(MapSet& like);
    /// Writes a service with this one endpoint, and its frontend last.
    void program(MapSet& maps, const EndpointAddr& vip, const EndpointAddr& endpoint,
                 Protocol protocol = Protocol::tcp, uint32_t id = 1);
    void activate(MapSet& maps);
    std::unique_ptr<MapSet> find();
    bool is_active(const MapSet& maps);

    /// Connects from the namespace; yields which server answered, or errno.
    Result<Port> connect(const EndpointAddr& to) const;
    /// True if a connection to the VIP ends at the server.
    testing::AssertionResult reaches(const EndpointAddr& vip, const Server& server) const;
    /// True if a connection to the VIP ends nowhere: nothing is translated.
    testing::AssertionResult misses(const EndpointAddr& vip) const;

    /// Names in a folder of pins, sorted.
    std::vector<std::string> pins(const std::string& folder = {}) const;
    std::string pin(const std::string& name) const { return settings.bpf_root + "/" + name; }
    /// Programs attached to a cgroup, over all hooks of sockets.
    static unsigned attached_to(const std::filesystem::path& cgroup);

    lab::BpfScope scope;
    lab::NetNs ns;
    EbpfSettings settings;
    KernelLog log;
    std::unique_ptr<Kernel> kernel;
};

/// Fails the test with the error's message, or yields the value.
template <class T>
T must(Result<T> result) {
    if (!result) {
        ADD_FAILURE() << result.error().message();
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

EndpointAddr address(std::string_view ip, uint16_t port);
inline constexpr Sizes kSizes{.frontends4 = 1024,
                              .frontends6 = 1024,
                              .services = 1024,
                              .slots = 4096,
                              .endpoints4 = 4096,
                              .endpoints6 = 1024,
                              .clients = 1024};

}  // namespace sy::ebpf
