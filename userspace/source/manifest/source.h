// Cluster objects from files and folders, followed by inotify.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/symbols.h"
#include "source/source.h"

namespace boost::asio {
class io_context;
}

namespace sy {

class ManifestWatcher;

/// Reads manifests (`.yaml`, `.yml`, `.json`; not hidden, not in subfolders) and follows every
/// change at once:
/// - A file counts when it has been closed after writing, or moved into place. While it is open for
///   writing its last whole content counts, however long that takes.
/// - A file that vanishes gets a moment (100 ms) to come back, because editors replace files by
///   moving the old one away first.
/// - Symbolic links are followed; a swap of any link on the way (as ConfigMap volumes do) counts.
/// - A path that goes away and comes back is picked up again.
class ManifestSource final : public Source {
  public:
    /// All references must outlive the source; everything runs on `io`. `paths` are files or
    /// folders.
    ManifestSource(boost::asio::io_context& io, Symbols& symbols, Log& log,
                   const std::vector<std::string>& paths);
    ~ManifestSource() override;

    Result<void> start(Sink sink) override;
    void stop() override;

    /// Reads every file again, changed or not. Only on `io`, not from within the sink.
    void rescan();

    /// Errors the files have now, for metrics.
    std::size_t standing_errors() const;
    std::size_t object_count() const;

  private:
    std::shared_ptr<ManifestWatcher> watcher_;
};

}  // namespace sy
