#include <sys/socket.h>

#include <cerrno>

#include "kube/channel.h"

namespace sy {
namespace {

class PlainChannel : public Channel {
  public:
    explicit PlainChannel(int fd) : fd_(fd) {}

    Result<ChannelStep> handshake() override { return ChannelStep{}; }

    Result<ChannelStep> write(std::string_view bytes) override {
        return step(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                    ChannelStep::Kind::wait_write, "send");
    }

    Result<ChannelStep> read(std::span<char> buffer) override {
        const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (n == 0) {
            return ChannelStep{ChannelStep::Kind::closed};
        }
        return step(n, ChannelStep::Kind::wait_read, "receive");
    }

    void finish() override {}

  private:
    static Result<ChannelStep> step(ssize_t n, ChannelStep::Kind wait, const char* what) {
        if (n >= 0) {
            return ChannelStep{ChannelStep::Kind::done, static_cast<std::size_t>(n)};
        }
        if (errno == EAGAIN || errno == EINTR) {
            return ChannelStep{wait};
        }
        return fail(what, {}, errno);
    }

    int fd_;
};

}  // namespace

std::unique_ptr<Channel> plain_channel(int fd) {
    return std::make_unique<PlainChannel>(fd);
}

}  // namespace sy
