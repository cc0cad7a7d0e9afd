#include "source/manifest/file_watch.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "source/manifest/folder_watches.h"
#include "source/manifest/inotify.h"
#include "source/manifest/paths.h"

namespace sy {
namespace {

/// Whoever writes in place writes piece by piece: look when nothing has happened for a moment.
constexpr std::chrono::milliseconds kCalm{200};

}  // namespace

class FileWatch::Impl : public std::enable_shared_from_this<FileWatch::Impl> {
  public:
    Impl(boost::asio::io_context& io, Log& log, const std::string& path)
        : log_(log), path_(plain_path(path)), events_(io), calm_(io) {}

    Result<void> start(std::string content, Changed changed) {
        auto inotify = Inotify::open();
        if (!inotify) {
            return std::unexpected(inotify.error());
        }
        inotify_.emplace(std::move(*inotify));
        watches_.emplace(*inotify_, log_);
        content_ = std::move(content);
        changed_ = std::move(changed);
        watches_->follow({path_});
        events_.assign(inotify_->descriptor());
        wait();
        look_soon();  // what happened since the caller has read it
        return {};
    }

    void stop() {
        changed_ = nullptr;
        calm_.cancel();
        if (events_.is_open()) {
            events_.release();  // the descriptor is Inotify's
        }
    }

  private:
    void wait() {
        events_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                               if (!error && self->changed_) {
                                   self->on_events();
                                   self->wait();
                               }
                           });
    }

    void on_events() {
        const auto events = inotify_->read();
        if (!events) {
            log_.warning("changes of " + path_ +
                         " are not noticed any more (SIGHUP looks): " + events.error().message());
            return;
        }
        bool concerned = false;
        for (const FolderEvent& event : *events) {
            const auto meaning = watches_->meaning(event);
            concerned = concerned || meaning.look_again || !meaning.files.empty();
        }
        if (concerned) {
            look_soon();
        }
    }

    void look_soon() {
        calm_.expires_after(kCalm);
        calm_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!error && self && self->changed_) {
                self->look();
            }
        });
    }

    void look() {
        watches_->follow({path_});
        auto file = read_file(path_);
        if (file && file->text != content_) {
            content_ = file->text;
            changed_(std::move(file->text));
        }
    }

    Log& log_;
    std::string path_;
    std::optional<Inotify> inotify_;
    std::optional<FolderWatches> watches_;
    boost::asio::posix::stream_descriptor events_;
    boost::asio::steady_timer calm_;
    std::string content_;
    Changed changed_;
};

FileWatch::FileWatch(boost::asio::io_context& io, Log& log, const std::string& path)
    : impl_(std::make_shared<Impl>(io, log, path)) {}

FileWatch::~FileWatch() {
    impl_->stop();
}

Result<void> FileWatch::start(std::string content, Changed changed) {
    return impl_->start(std::move(content), std::move(changed));
}

}  // namespace sy
