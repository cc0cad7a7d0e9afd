// Sockets that keep to the packet path.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "backends/ebpf/kernel/map_set.h"
#include "backends/settings.h"
#include "base/log.h"
#include "base/result.h"

namespace sy::ebpf {

/// What the settings name, as the programs know it. What does not exist (yet) is left out, with one
/// warning; the next use() looks again.
class SkipList {
  public:
    SkipList(const EbpfSettings& settings, Log& log) : settings_(settings), log_(log) {}

    /// Writes skip_netns and skip_cgroups. True if there is anything in them.
    Result<bool> use(const PinnedSet& set);

  private:
    void warn(const std::string& entry, const Error& error);
    std::vector<uint64_t> cgroups();
    std::vector<uint64_t> namespaces();

    const EbpfSettings& settings_;
    Log& log_;
    std::set<std::string> warned_;
};

}  // namespace sy::ebpf
