// Which of the two kernel interfaces this host's rules live in.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "backends/settings.h"
#include "base/result.h"

namespace sy::iptables {

/// What was found of one variant, both families together.
struct VariantFacts {
    /// Its programs are installed.
    bool installed = false;
    /// The kubelet keeps its chains there.
    bool kubelet = false;
    /// Our own rules are there.
    bool ours = false;
    std::size_t foreign_rules = 0;
};

struct HostFacts {
    VariantFacts legacy;
    VariantFacts nft;
    /// What `iptables` without a variant in its name is.
    std::optional<IptablesVariant> usual;
};

/// Asks the programs, in the network namespace of the calling thread.
HostFacts look_at_host();

struct VariantChoice {
    IptablesVariant variant = IptablesVariant::legacy;
    std::string why;
};

/// The variant to use: the wanted one; where the kubelet's chains are; where others have more
/// rules; where ours have been; what `iptables` is. The order is that of the wrapper in the images
/// of kube-proxy. Fails if its programs are missing.
Result<VariantChoice> choose_variant(IptablesVariant wanted, const HostFacts& facts);

}  // namespace sy::iptables
