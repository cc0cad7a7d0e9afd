// Kernel modules that the kernel does not load by itself.
#include "backends/iptables/kernel.h"
#include "backends/iptables/kernel/variant.h"
#include "os/subprocess.h"

namespace sy::iptables {

void load_modules(const IptablesSettings& settings) {
    if (settings.variant == IptablesVariant::nft) {
        return;
    }
    const auto choice = choose_variant(settings.variant, look_at_host());
    if (choice && choice->variant == IptablesVariant::legacy) {
        // Tables, matches and targets are loaded by these.
        (void)run_program({.argv = {"modprobe", "-q", "-a", "ip_tables", "ip6_tables"}});
    }
}

}  // namespace sy::iptables
