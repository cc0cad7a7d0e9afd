// For which network namespace the pinned maps were made.
#include <cstring>

#include "backends/ebpf/kernel/open.h"
#include "backends/ebpf/kernel/pins.h"
#include "os/netns.h"

namespace sy::ebpf {

bool belongs_elsewhere(const EbpfSettings& settings) {
    const auto newest = Pins(settings.bpf_root).newest_finished();
    if (!newest || !*newest) {
        return false;
    }
    const auto map = Map::open((*newest)->folder + "/settings");
    const auto words = map ? map->values(0, 1) : std::unexpected(map.error());
    const auto here = netns_cookie();
    sy_settings theirs{};
    if (!here || !words || words->size() != sizeof theirs) {
        return false;
    }
    std::memcpy(&theirs, words->data(), sizeof theirs);
    return theirs.host_netns != 0 && theirs.host_netns != *here;
}

}  // namespace sy::ebpf
