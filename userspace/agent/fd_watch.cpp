#include "agent/fd_watch.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

namespace sy {

struct FdWatch::Wait {
    boost::asio::posix::stream_descriptor descriptor;
    std::function<void()> readable;
    bool armed = false;
};

FdWatch::FdWatch(boost::asio::io_context& io, int fd, std::function<void()> readable)
    : wait_(std::make_shared<Wait>(
          Wait{boost::asio::posix::stream_descriptor(io, fd), std::move(readable)})) {}

FdWatch::~FdWatch() {
    wait_->readable = nullptr;
    wait_->descriptor.release();  // cancels the wait; the descriptor is not ours to close
}

void FdWatch::arm() {
    if (std::exchange(wait_->armed, true)) {
        return;
    }
    wait_->descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                                 [wait = wait_](const boost::system::error_code& error) {
                                     wait->armed = false;
                                     if (!error && wait->readable) {
                                         wait->readable();
                                     }
                                 });
}

}  // namespace sy
