// Waits on the strand until a file descriptor is readable.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace sy {

/// Watches a descriptor it does not own, which must stay open for the watch's life. Asio makes the
/// descriptor non-blocking. Lives on the strand.
class FdWatch {
  public:
    /// `readable` is called from the io_context, once per arm(). It may destroy nothing of the
    /// watch; it may arm() again.
    FdWatch(boost::asio::io_context& io, int fd, std::function<void()> readable);
    FdWatch(const FdWatch&) = delete;
    FdWatch& operator=(const FdWatch&) = delete;
    /// No call follows.
    ~FdWatch();

    /// Waits for readability once. Harmless if a wait is under way.
    void arm();

  private:
    struct Wait;
    std::shared_ptr<Wait> wait_;
};

}  // namespace sy
