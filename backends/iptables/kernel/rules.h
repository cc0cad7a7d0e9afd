// Our chains in one variant of iptables, both families.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "backends/iptables/kernel.h"
#include "backends/iptables/kernel/programs.h"
#include "backends/iptables/kernel/restore_text.h"
#include "backends/iptables/kernel/saved.h"
#include "backends/iptables/kernel/witness.h"

namespace sy::iptables {

class Rules {
  public:
    /// Families without programs are without rules.
    explicit Rules(IptablesVariant variant);

    IptablesVariant variant() const { return variant_; }
    bool has(Family family) const { return programs_of(family).has_value(); }

    /// Everything there is in a family; nothing for a family without programs.
    Result<Saved> saved(Family family) const;
    std::expected<void, CommitError> apply(const Restore& restore);
    /// Runs a text that restore_text() made.
    std::expected<void, CommitError> run(Family family, const RestoreText& text);
    /// Chains and jumps of ours, of both families. Loads nothing into the kernel for it. True:
    /// there were some. With `unreadable` a family that cannot be read is told to it, and left.
    Result<bool> remove_all(const std::function<void(const Error&)>& unreadable = {});

    Result<std::shared_ptr<Witness>> watch();

  private:
    const std::optional<Programs>& programs_of(Family family) const {
        return programs_[family == Family::ipv4 ? 0 : 1];
    }
    std::size_t block_size() const {
        return variant_ == IptablesVariant::nft ? kChainsPerBlock : 0;
    }

    IptablesVariant variant_;
    std::array<std::optional<Programs>, 2> programs_;
    std::weak_ptr<Witness> witness_;
};

}  // namespace sy::iptables
