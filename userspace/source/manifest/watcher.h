// The moving part of the manifest source. Internal to it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "source/manifest/folder_watches.h"
#include "source/manifest/inotify.h"
#include "source/manifest/paths.h"
#include "source/manifest/store.h"
#include "source/source.h"

namespace sy {

/// Carries file events to the ManifestStore. Handlers in flight keep it alive; after stop() they do
/// nothing.
class ManifestWatcher : public std::enable_shared_from_this<ManifestWatcher> {
  public:
    ManifestWatcher(boost::asio::io_context& io, Symbols& symbols, Log& log,
                    const std::vector<std::string>& paths);
    ~ManifestWatcher();

    Result<void> start(Source::Sink sink);
    void stop();
    void rescan();
    const ManifestStore& store() const { return store_; }

  private:
    using Clock = std::chrono::steady_clock;

    void first_pass();
    void wait_for_events();
    void on_events();
    void on_file(const std::string& path, uint32_t mask);
    void distrust_stamps();
    void look_at_everything();
    void look_at_present();
    void look_at(const std::string& path);
    void load(const std::string& path);
    void take(Event event);
    void reread(const ManifestStore::Reread& paths);
    void look_later(const std::string& path);
    void run_timer(Clock::duration delay);
    void on_timer();
    void send(std::size_t at_least);
    void list();

    boost::asio::io_context& io_;
    Log& log_;
    std::vector<std::string> paths_;
    ManifestStore store_;
    Source::Sink sink_;
    std::optional<Inotify> inotify_;
    std::optional<FolderWatches> watches_;
    boost::asio::posix::stream_descriptor events_;
    boost::asio::steady_timer timer_;
    /// Files as they were when they were last read; no stamp: they could not be.
    std::map<std::string, std::optional<FileStamp>> known_;
    /// Files that somebody is writing: not looked at until they are closed.
    std::set<std::string> being_written_;
    /// Files to look at once more at a certain time.
    std::map<std::string, Clock::time_point> later_;
    bool timer_runs_ = false;
    // The lists have been sent, and sent without a gap.
    bool whole_ = false;
    bool listed_ = false;
    std::vector<Event> outbox_;
    bool running_ = false;
};

}  // namespace sy
