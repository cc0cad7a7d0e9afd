#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/ip.h"
#include "kube/channel.h"
#include "kube/tls_fault.h"

namespace sy {
namespace {

// OpenSSL's own socket BIO raises SIGPIPE; a library must not rely on the process to ignore it.
int socket_of(BIO* bio) {
    return *static_cast<const int*>(BIO_get_data(bio));
}

int bio_write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto n = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return static_cast<int>(n);
}

int bio_read(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto n = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    }
    if (n == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    }
    return static_cast<int>(n);
}

long bio_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_EOF:
            return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        default:
            return 0;
    }
}

const BIO_METHOD* socket_method() {
    static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> kMethod = [] {
        std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket"), BIO_meth_free);
        BIO_meth_set_write(method.get(), bio_write);
        BIO_meth_set_read(method.get(), bio_read);
        BIO_meth_set_ctrl(method.get(), bio_control);
        return method;
    }();
    return kMethod.get();
}

class TlsChannel : public Channel {
  public:
    TlsChannel(int fd, const TlsContext& context, std::string server_name)
        : fd_(fd),
          context_(context),
          ssl_(SSL_new(context.get()), SSL_free),
          server_name_(std::move(server_name)) {}

    bool prepare() {
        BIO* const bio = ssl_ ? BIO_new(socket_method()) : nullptr;
        if (bio == nullptr) {
            return false;
        }
        BIO_set_data(bio, &fd_);
        BIO_set_init(bio, 1);
        SSL_set_bio(ssl_.get(), bio, bio);
        SSL_set_connect_state(ssl_.get());
        SSL_set_app_data(ssl_.get(), this);
        SSL_set_verify(ssl_.get(), SSL_CTX_get_verify_mode(context_.get()), on_verify);
        return expect_name();
    }

    Result<ChannelStep> handshake() override {
        ERR_clear_error();
        return outcome(SSL_do_handshake(ssl_.get()), 0, true);
    }

    Result<ChannelStep> write(std::string_view bytes) override {
        ERR_clear_error();
        std::size_t written = 0;
        const int status = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
        return outcome(status, written, false);
    }

    Result<ChannelStep> read(std::span<char> buffer) override {
        ERR_clear_error();
        std::size_t count = 0;
        const int status = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
        return outcome(status, count, false);
    }

    void finish() override {
        ERR_clear_error();
        if (SSL_is_init_finished(ssl_.get()) == 1) {
            SSL_shutdown(ssl_.get());
        }
        ERR_clear_error();
    }

  private:
    bool expect_name() {
        X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl_.get());
        // As in Go: the subject's common name is no host name.
        X509_VERIFY_PARAM_set_hostflags(
            expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        if (const auto ip = IpAddr::parse(server_name_)) {
            const auto bytes = ip->bytes();
            return X509_VERIFY_PARAM_set1_ip(expected, bytes.data(), bytes.size()) == 1;
        }
        return X509_VERIFY_PARAM_set1_host(expected, server_name_.data(), server_name_.size()) ==
                   1 &&
               SSL_set_tlsext_host_name(ssl_.get(), server_name_.c_str()) == 1;
    }

    static int on_verify(int accepted, X509_STORE_CTX* verification) {
        const auto* const ssl = static_cast<SSL*>(
            X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto* const self = static_cast<TlsChannel*>(SSL_get_app_data(ssl));
        if (accepted == 1 || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE) {
            return 1;
        }
        self->certificate_fault_ = certificate_fault(*verification, self->server_name_);
        return 0;
    }

    Result<ChannelStep> outcome(int status, std::size_t bytes, bool shaking_hands) const {
        const int code = errno;
        if (status == 1) {
            return ChannelStep{ChannelStep::Kind::done, bytes};
        }
        switch (SSL_get_error(ssl_.get(), status)) {
            case SSL_ERROR_WANT_READ:
                return ChannelStep{ChannelStep::Kind::wait_read};
            case SSL_ERROR_WANT_WRITE:
                return ChannelStep{ChannelStep::Kind::wait_write};
            case SSL_ERROR_ZERO_RETURN:
                return ChannelStep{ChannelStep::Kind::closed};
            case SSL_ERROR_SYSCALL:
                return fail(shaking_hands ? "TLS handshake" : "exchange bytes", {},
                            code != 0 ? code : ECONNRESET);
            default:
                return library_fault(shaking_hands);
        }
    }

    Result<ChannelStep> library_fault(bool shaking_hands) const {
        const auto error = ERR_peek_error();
        ERR_clear_error();
        if (!certificate_fault_.empty()) {
            return fail(certificate_fault_);
        }
        if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
            ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            if (shaking_hands) {
                return fail("the server closed the connection in the TLS handshake");
            }
            return ChannelStep{ChannelStep::Kind::cut};
        }
        return fail(tls_fault(error));
    }

    int fd_;
    TlsContext context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    std::string server_name_;
    std::string certificate_fault_;
};

}  // namespace

Result<std::unique_ptr<Channel>> tls_channel(int fd, const TlsContext& context,
                                             const std::string& server_name) {
    if (!context) {
        return fail("OpenSSL is not set up");
    }
    auto channel = std::make_unique<TlsChannel>(fd, context, server_name);
    if (!channel->prepare()) {
        ERR_clear_error();
        return fail("OpenSSL cannot be set up");
    }
    return channel;
}

}  // namespace sy
