// What is left of mode ipvs when another mode has taken over.
#pragma once

#include <memory>
#include <optional>

#include "backends/backend.h"
#include "backends/ipvs/drains.h"
#include "backends/ipvs/kernel.h"
#include "backends/nftables/kernel.h"

namespace sy::ipvs {

/// New connections are the successor's as soon as the companion tables are gone, for they find no
/// server without a mark. Those of before need their servers, and the routes that lead them there.
class Retirement : public sy::Retirement {
  public:
    using Now = std::function<TimePoint()>;

    Retirement(std::unique_ptr<Kernel> kernel, std::unique_ptr<nft::Kernel> tables,
               Now now = Clock::now)
        : kernel_(std::move(kernel)), tables_(std::move(tables)), now_(std::move(now)) {}

    Result<std::optional<std::chrono::milliseconds>> go_on() override;

  private:
    Result<std::optional<std::chrono::milliseconds>> remove_rest();

    std::unique_ptr<Kernel> kernel_;
    std::unique_ptr<nft::Kernel> tables_;
    Now now_;
    std::optional<TimePoint> begun_;
};

}  // namespace sy::ipvs
