#include "source/manifest/source.h"

#include <utility>

#include "source/manifest/watcher.h"

namespace sy {

ManifestSource::ManifestSource(boost::asio::io_context& io, Symbols& symbols, Log& log,
                               const std::vector<std::string>& paths)
    : watcher_(std::make_shared<ManifestWatcher>(io, symbols, log, paths)) {}

ManifestSource::~ManifestSource() {
    stop();
}

Result<void> ManifestSource::start(Sink sink) {
    return watcher_->start(std::move(sink));
}

void ManifestSource::stop() {
    watcher_->stop();
}

void ManifestSource::rescan() {
    watcher_->rescan();
}

std::size_t ManifestSource::standing_errors() const {
    return watcher_->store().standing_errors();
}

std::size_t ManifestSource::object_count() const {
    return watcher_->store().object_count();
}

}  // namespace sy
