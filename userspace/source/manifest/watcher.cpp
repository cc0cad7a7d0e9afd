#include "source/manifest/watcher.h"

#include <sys/inotify.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace sy {
namespace {

// How long a vanished file may take to come back before its objects go.
constexpr auto kGrace = std::chrono::milliseconds(100);
// Events that are sent on in one piece at most.
constexpr std::size_t kBatch = 4096;
// Paths that never come to rest must not keep us here.
constexpr int kMaxRounds = 5;

}  // namespace

ManifestWatcher::ManifestWatcher(boost::asio::io_context& io, Symbols& symbols, Log& log,
                                 const std::vector<std::string>& paths)
    : io_(io), log_(log), store_(symbols, log), events_(io), timer_(io) {
    std::set<std::string> seen;
    for (const auto& path : paths) {
        if (auto text = plain_path(path); seen.insert(text).second) {
            paths_.push_back(std::move(text));
        }
    }
}

ManifestWatcher::~ManifestWatcher() {
    stop();
}

Result<void> ManifestWatcher::start(Source::Sink sink) {
    for (const auto& path : paths_) {
        if (auto checked = check_readable(path); !checked) {
            return checked;
        }
    }
    auto inotify = Inotify::open();
    if (!inotify) {
        return std::unexpected(inotify.error());
    }
    inotify_ = *std::move(inotify);
    watches_.emplace(*inotify_, log_);
    events_.assign(inotify_->descriptor());
    sink_ = std::move(sink);
    running_ = true;
    boost::asio::post(io_, [self = shared_from_this()] { self->first_pass(); });
    return {};
}

void ManifestWatcher::stop() {
    running_ = false;
    sink_ = nullptr;
    timer_.cancel();
    if (events_.is_open()) {
        events_.release();  // the descriptor is the Inotify's
    }
    watches_.reset();
    inotify_.reset();
}

void ManifestWatcher::first_pass() {
    if (!running_) {
        return;
    }
    look_at_everything();
    listed_ = true;
    list();
    send(1);
    wait_for_events();
}

void ManifestWatcher::wait_for_events() {
    if (!running_) {
        return;
    }
    events_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error && self->running_) {
                               self->on_events();
                               self->wait_for_events();
                           }
                       });
}

void ManifestWatcher::on_events() {
    const auto events = inotify_->read();
    if (!events) {
        log_.error(events.error().message());
        return;
    }
    bool look_again = false;
    for (const auto& event : *events) {
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
            distrust_stamps();
            look_again = true;
            continue;
        }
        const auto meaning = watches_->meaning(event);
        look_again = look_again || meaning.look_again;
        for (const auto& path : meaning.files) {
            on_file(path, event.mask);
            look_again =
                look_again || ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0 && is_symlink(path));
        }
    }
    if (look_again) {
        look_at_everything();
    }
    send(1);
}

// Any file may have changed, even back to a stamp we know.
void ManifestWatcher::distrust_stamps() {
    being_written_.clear();
    for (auto& [path, stamp] : known_) {
        stamp.reset();
    }
}

void ManifestWatcher::rescan() {
    if (!running_) {
        return;
    }
    distrust_stamps();
    look_at_everything();
    send(1);
}

void ManifestWatcher::on_file(const std::string& path, uint32_t mask) {
    if ((mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) {
        being_written_.erase(path);
        load(path);
    } else if ((mask & IN_MODIFY) != 0) {
        being_written_.insert(path);
    } else if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
        being_written_.erase(path);
        look_later(path);
    } else if ((mask & IN_CREATE) != 0 && !has_other_names(path)) {
        look_later(path);  // its writer will close it; a file made otherwise is seen to later
    } else if ((mask & (IN_CREATE | IN_ATTRIB)) != 0) {
        look_at(path);
    }
}

// A link that is swapped between following it and watching it shows in the second follow().
void ManifestWatcher::look_at_everything() {
    watches_->follow(paths_);
    for (int round = 0; round < kMaxRounds; ++round) {
        look_at_present();
        if (!watches_->follow(paths_)) {
            break;
        }
    }
}

void ManifestWatcher::look_at_present() {
    std::set<std::string> present;
    for (const auto& path : paths_) {
        if (!is_folder(path)) {
            present.insert(path);
            continue;
        }
        for (auto& file : manifests_in(path)) {
            present.insert(std::move(file));
        }
    }
    for (const auto& path : present) {
        look_at(path);
    }
    for (const auto& [path, stamp] : known_) {
        if (!present.contains(path)) {
            look_later(path);
        }
    }
}

void ManifestWatcher::look_at(const std::string& path) {
    if (being_written_.contains(path)) {
        return;
    }
    const auto known = known_.find(path);
    const auto stamp = stamp_of(path);
    if (known == known_.end() || !stamp || known->second != stamp) {
        load(path);
    }
}

void ManifestWatcher::load(const std::string& path) {
    const auto content = read_file(path);
    if (content) {
        known_[path] = content->stamp;
        reread(store_.load(path, content->text, [this](Event event) { take(std::move(event)); }));
    } else if (content.error().code == ENOENT || content.error().code == EISDIR) {
        look_later(path);
    } else {
        known_[path] = std::nullopt;
        store_.unreadable(path, content.error());
    }
}

void ManifestWatcher::take(Event event) {
    outbox_.push_back(std::move(event));
    send(kBatch);
}

void ManifestWatcher::reread(const ManifestStore::Reread& paths) {
    for (const auto& path : paths) {
        load(path);
    }
}

void ManifestWatcher::look_later(const std::string& path) {
    later_[path] = Clock::now() + kGrace;
    if (!std::exchange(timer_runs_, true)) {
        run_timer(kGrace);
    }
}

void ManifestWatcher::run_timer(Clock::duration delay) {
    timer_.expires_after(delay);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && self->running_) {
            self->on_timer();
        }
    });
}

void ManifestWatcher::on_timer() {
    const auto now = Clock::now();
    for (auto entry = later_.begin(); entry != later_.end();) {
        if (entry->second > now) {
            ++entry;
            continue;
        }
        const auto path = entry->first;
        entry = later_.erase(entry);
        const auto stamp = stamp_of(path);
        if (!stamp) {
            known_.erase(path);
            reread(store_.remove(path, [this](Event event) { take(std::move(event)); }));
        } else if (stamp->size > 0) {
            look_at(path);
        }
    }
    timer_runs_ = !later_.empty();
    if (timer_runs_) {
        run_timer(kGrace);
    }
    send(1);
}

// A file that could not be read since the start may hold objects nobody has heard of.
void ManifestWatcher::list() {
    whole_ = store_.standing_errors() == 0;
    for (const auto kind : {Kind::service, Kind::endpoint_slice, Kind::node, Kind::service_cidr}) {
        outbox_.emplace_back(Listed{kind, whole_});
    }
}

void ManifestWatcher::send(std::size_t at_least) {
    if (listed_ && !whole_ && store_.standing_errors() == 0) {
        list();
    }
    if (running_ && outbox_.size() >= at_least) {
        sink_(std::exchange(outbox_, {}));
    }
}

}  // namespace sy
