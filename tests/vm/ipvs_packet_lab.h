// The packet lab with IPVS on its node and, before and behind it, the least of rules: what the
// layout's chains do to one VIP. For questions about the kernel, not about the backend.
#pragma once

#include <string>
#include <vector>

#include "tests/support/expect.h"
#include "tests/vm/ipvs_kernel_lab.h"

namespace sy::ipvs {

class IpvsPacketLab : public testing::TestWithParam<Family> {
  protected:
    void SetUp() override;
    void TearDown() override;

    static constexpr uint32_t kId = 1;
    ServerKey server() const { return key(GetParam(), kId); }
    Destination endpoint(lab::Place place, uint32_t weight = 1) const;
    IpAddr vip() const { return lab::cluster_ip(GetParam(), 1); }
    /// A connection from outside to the VIP.
    lab::Flow flow() const { return lab::tcp(lab::Place::ext, vip(), Port(80)); }
    void commit(const std::vector<Change>& changes);
    Activity activity_of(lab::Place place);
    /// Runs a program on the node, which has to succeed.
    std::string output(const std::vector<std::string>& argv, std::string_view input = {});

    lab::Lab& lab_ = *lab::shared_lab();
    std::optional<lab::Entered> inside_;
    std::string folder_;
    Silence log_;
    std::unique_ptr<Kernel> kernel_;
};

}  // namespace sy::ipvs
