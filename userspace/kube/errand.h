// Work that blocks, done beside the strand.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace sy {

/// One piece of blocking work on a thread of its own, which ends with it. Lives on the strand and
/// must go before the io_context.
class Errand {
  public:
    /// What to do on the strand with what was found.
    using Return = std::function<void()>;
    /// Runs on the other thread: it must own all it uses and not throw.
    using Work = std::function<Return()>;

    Errand(boost::asio::io_context& io, Work work);
    Errand(const Errand&) = delete;
    Errand& operator=(const Errand&) = delete;
    /// The work goes on if it has begun, but nobody waits for it and its Return is not called.
    ~Errand();

  private:
    struct Post;
    std::shared_ptr<Post> post_;
};

}  // namespace sy
