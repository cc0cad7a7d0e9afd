#include "tests/support/api_server_stream.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace sy::lab {
namespace {

using Clock = std::chrono::steady_clock;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

Bio memory(std::string_view text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all};
}

/// kubectl would rather speak HTTP/2; we do not.
int choose_http1(SSL*, const unsigned char** chosen, unsigned char* size,
                 const unsigned char* offered, unsigned offered_size, void*) {
    static constexpr std::array<unsigned char, 9> kHttp1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* out = nullptr;
    const int found =
        SSL_select_next_proto(&out, size, kHttp1.data(), kHttp1.size(), offered, offered_size);
    *chosen = out;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

void use_certificate(SSL_CTX* context, const KeyPair& pair) {
    const Bio certificate_bio = memory(pair.certificate);
    const Bio key_bio = memory(pair.key);
    X509* certificate = PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr);
    const bool good = certificate != nullptr && key != nullptr &&
                      SSL_CTX_use_certificate(context, certificate) == 1 &&
                      SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!good) {
        throw std::runtime_error("the server's certificate is unusable");
    }
}

void ask_for_clients(SSL_CTX* context, std::string_view authority) {
    const Bio bio = memory(authority);
    X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    const bool good = certificate != nullptr &&
                      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1 &&
                      SSL_CTX_add_client_CA(context, certificate) == 1;
    X509_free(certificate);
    if (!good) {
        throw std::runtime_error("the authority of clients is unusable");
    }
    // A certificate that is no good makes an unknown user, not a failed handshake.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
}

}  // namespace

TlsContext::TlsContext(const KeyPair& certificate, std::string_view client_authority) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    context_ = context;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_alpn_select_cb(context, choose_http1, nullptr);
    static constexpr std::array<unsigned char, 10> kContext{'s', 'w', 'i', 't', 'c',
                                                            'h', 'y', 'a', 'r', 'd'};
    SSL_CTX_set_session_id_context(context, kContext.data(), kContext.size());
    use_certificate(context, certificate);
    if (!client_authority.empty()) {
        ask_for_clients(context, client_authority);
    }
}

TlsContext::~TlsContext() {
    SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

struct ApiStream::Tls {
    explicit Tls(const TlsContext& context)
        : ssl(SSL_new(static_cast<SSL_CTX*>(context.handle()))) {}
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;
    ~Tls() { SSL_free(ssl); }

    SSL* ssl;
};

ApiStream::ApiStream(Fd socket, const TlsContext* tls, const StreamSwitches& switches)
    : socket_(std::move(socket)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      switches_(switches) {
    if (tls != nullptr) {
        tls_ = std::make_unique<Tls>(*tls);
        SSL_set_fd(tls_->ssl, socket_.get());
    }
}

ApiStream::~ApiStream() = default;

void ApiStream::wake() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void ApiStream::end(Cut how) {
    how_ = how;
    ending_ = true;
    wake();
}

void ApiStream::drain() {
    uint64_t count = 0;
    if (::read(wake_.get(), &count, sizeof count) > 0) {
        woken_ = true;
    }
}

bool ApiStream::may_go_on() {
    while (!ending_ && switches_.frozen) {
        pollfd wait{wake_.get(), POLLIN, 0};
        ::poll(&wait, 1, 50);
        drain();
    }
    if (ending_) {
        cut(how_);
        return false;
    }
    return static_cast<bool>(socket_);
}

bool ApiStream::poll_for(short events) {
    std::array<pollfd, 2> wait{{{socket_.get(), events, 0}, {wake_.get(), POLLIN, 0}}};
    ::poll(wait.data(), wait.size(), -1);
    drain();
    return may_go_on();
}

bool ApiStream::retry(int result) {
    switch (SSL_get_error(tls_->ssl, result)) {
        case SSL_ERROR_WANT_READ:
            return poll_for(POLLIN);
        case SSL_ERROR_WANT_WRITE:
            return poll_for(POLLOUT);
        default:
            socket_.reset();
            return false;
    }
}

bool ApiStream::handshake() {
    while (may_go_on()) {
        if (!tls_) {
            return true;
        }
        ERR_clear_error();
        const int result = SSL_accept(tls_->ssl);
        if (result == 1) {
            return true;
        }
        if (!retry(result)) {
            return false;
        }
    }
    return false;
}

std::string ApiStream::client_name() const {
    if (!tls_ || SSL_get_verify_result(tls_->ssl) != X509_V_OK) {
        return {};
    }
    X509* certificate = SSL_get0_peer_certificate(tls_->ssl);
    if (certificate == nullptr) {
        return {};
    }
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    return name.data();
}

bool ApiStream::read(std::string& buffer) {
    std::array<char, 16384> piece;
    while (may_go_on()) {
        int size = 0;
        if (tls_) {
            ERR_clear_error();
            size = SSL_read(tls_->ssl, piece.data(), static_cast<int>(piece.size()));
            if (size <= 0) {
                if (!retry(size)) {
                    return false;
                }
                continue;
            }
        } else {
            size = static_cast<int>(::recv(socket_.get(), piece.data(), piece.size(), 0));
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
                if (!poll_for(POLLIN)) {
                    return false;
                }
                continue;
            }
            if (size <= 0) {
                socket_.reset();
                return false;
            }
        }
        buffer.append(piece.data(), static_cast<std::size_t>(size));
        return true;
    }
    return false;
}

bool ApiStream::write(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!may_go_on()) {
            return false;
        }
        std::size_t size = 0;
        if (tls_) {
            ERR_clear_error();
            const int result = SSL_write_ex(tls_->ssl, bytes.data(), bytes.size(), &size);
            if (result != 1 && !retry(result)) {
                return false;
            }
        } else {
            const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN && errno != EINTR) {
                socket_.reset();
                return false;
            }
            if (sent < 0 && !poll_for(POLLOUT)) {
                return false;
            }
            size = sent > 0 ? static_cast<std::size_t>(sent) : 0;
        }
        bytes.remove_prefix(size);
    }
    return true;
}

ApiStream::Woken ApiStream::wait(std::chrono::milliseconds at_most) {
    if (!may_go_on()) {
        return Woken::gone;
    }
    if (!std::exchange(woken_, false)) {
        if (tls_ && SSL_has_pending(tls_->ssl) == 1) {
            return Woken::by_peer;
        }
        std::array<pollfd, 2> wait{{{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
        const int ready = ::poll(wait.data(), wait.size(), static_cast<int>(at_most.count()));
        drain();
        if (!may_go_on()) {
            return Woken::gone;
        }
        if (!std::exchange(woken_, false)) {
            return ready == 0 ? Woken::by_time : Woken::by_peer;
        }
    }
    return Woken::by_wake;
}

bool ApiStream::pause(std::chrono::milliseconds time) {
    const Clock::time_point end = Clock::now() + time;
    while (may_go_on()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) {
            return true;
        }
        pollfd wait{wake_.get(), POLLIN, 0};
        ::poll(&wait, 1, static_cast<int>(std::min<int64_t>(left.count(), 1000)));
        drain();
    }
    return false;
}

void ApiStream::close() {
    if (socket_ && tls_) {
        ERR_clear_error();
        SSL_shutdown(tls_->ssl);
    }
    socket_.reset();
}

void ApiStream::cut(Cut how) {
    if (socket_ && how == Cut::rst) {
        const linger now{1, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    socket_.reset();
}

}  // namespace sy::lab
