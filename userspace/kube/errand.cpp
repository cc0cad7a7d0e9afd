#include "kube/errand.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace sy {

/// Known to both threads.
struct Errand::Post {
    std::mutex mutex;
    /// Null: nobody waits any more. The guard keeps the io_context running meanwhile.
    boost::asio::io_context* io = nullptr;
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard;

    static void deliver(const std::shared_ptr<Post>& post, Return back) {
        const std::lock_guard lock(post->mutex);
        if (post->io == nullptr) {
            return;
        }
        boost::asio::post(*post->io, [post, back = std::move(back)] {
            const bool wanted = post->io != nullptr;  // changes on the strand only
            post->guard.reset();
            if (wanted) {
                back();
            }
        });
    }
};

Errand::Errand(boost::asio::io_context& io, Work work) : post_(std::make_shared<Post>()) {
    post_->io = &io;
    post_->guard.emplace(io.get_executor());
    const auto run = [post = post_, work = std::move(work)] { Post::deliver(post, work()); };
    try {
        std::thread(run).detach();
    } catch (const std::system_error&) {
        run();  // no thread to be had: then the strand has to wait
    }
}

Errand::~Errand() {
    const std::lock_guard lock(post_->mutex);
    post_->io = nullptr;
    post_->guard.reset();
}

}  // namespace sy
