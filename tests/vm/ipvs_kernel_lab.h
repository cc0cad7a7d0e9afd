// A network namespace of its own with IPVS in it, and ipvsadm to look at it from outside.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/ipvs/kernel/mark.h"
#include "backends/ipvs/kernel/open.h"
#include "tests/support/netns.h"

namespace sy::ipvs {

struct Silence : Log {
    void write(LogLevel, std::string_view) override {}
};

/// The test's thread is in the namespace all the time.
class IpvsSeamLab : public testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    /// A kernel that counts into traffic_ and keeps old values in folder_, like the next process.
    std::unique_ptr<Kernel> open(const IpvsSettings& settings = {});
    /// Output of a program in the namespace, which has to succeed.
    std::string output(const std::vector<std::string>& argv, std::string_view input = {});
    /// `ipvsadm --save --numeric`, sorted lines.
    std::string saved();
    Dumped dump();
    void commit(const std::vector<Change>& changes);
    void commit(const std::vector<RouteChange>& changes);
    static std::string setting(const std::string& name);

    std::optional<lab::NetNs> ns_;
    std::optional<lab::Entered> inside_;
    std::string folder_;
    Silence log_;
    Traffic traffic_;
    std::unique_ptr<Kernel> kernel_;
};

/// Skips where the kernel has no IPVS.
class IpvsLab : public IpvsSeamLab {
  protected:
    void SetUp() override;
};

IpAddr address(std::string_view text);
ServerKey key(Family family, uint32_t id);
Change new_server(const ServerKey& key, std::string scheduler = "rr", uint32_t owner = 0);
Change edit_server(const ServerKey& key, std::string scheduler, uint32_t owner = 0);
Change drop_server(const ServerKey& key, uint32_t owner = 0);
Destination destination(const ServerKey& key, std::string_view ip, uint16_t port = 8080,
                        uint32_t weight = 1);
Change change(Change::Kind kind, const Destination& destination, uint32_t owner = 0);
RouteChange route(std::string_view network, std::string_view source, bool remove = false);

}  // namespace sy::ipvs
