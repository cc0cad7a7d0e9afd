#include "script_server.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace sy {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio reader(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::unique_ptr<X509, decltype(&X509_free)> certificate(const std::string& pem) {
    return {PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr), X509_free};
}

std::shared_ptr<SSL_CTX> server_context(const ServerTls& tls) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (tls.max_version != 0) {
        // Otherwise today's OpenSSL refuses old versions even as a server.
        SSL_CTX_set_security_level(context.get(), 0);
        SSL_CTX_set_min_proto_version(context.get(), 0);
        SSL_CTX_set_max_proto_version(context.get(), tls.max_version);
    }
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(reader(tls.identity.key).get(), nullptr, nullptr, nullptr),
        EVP_PKEY_free);
    SSL_CTX_use_certificate(context.get(), certificate(tls.identity.certificate).get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    if (!tls.client_authority.empty()) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()),
                            certificate(tls.client_authority).get());
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           nullptr);
    }
    return context;
}

std::size_t content_length(std::string_view head) {
    constexpr std::string_view kField = "Content-Length: ";
    const auto at = head.find(kField);
    return at == std::string_view::npos ? 0
                                        : std::stoul(std::string(head.substr(at + kField.size())));
}

}  // namespace

long Peer::read(char* buffer, std::size_t size) {
    if (ssl_ == nullptr) {
        return ::recv(fd_, buffer, size, 0);
    }
    return SSL_read(ssl_, buffer, static_cast<int>(size));
}

std::string Peer::request() {
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
        if (const auto end = text.find("\r\n\r\n"); end != std::string::npos) {
            const auto head = std::string_view(text).substr(0, end + 4);
            if (text.size() >= head.size() + content_length(head)) {
                return text;
            }
        }
        const auto n = read(piece.data(), piece.size());
        if (n <= 0) {
            return {};
        }
        text.append(piece.data(), static_cast<std::size_t>(n));
    }
}

bool Peer::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ssl_ == nullptr
                           ? ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                           : SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
        if (n <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

std::string Peer::encrypted(std::string_view bytes) {
    BIO* const memory = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl_, memory);
    SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

bool Peer::write_raw(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

void Peer::wait_for_end() {
    std::array<char, 4096> piece;
    while (read(piece.data(), piece.size()) > 0) {
    }
}

std::string Peer::client_name() const {
    const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl_),
                                                           X509_free);
    std::array<char, 256> text{};
    if (peer) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, text.data(),
                                  static_cast<int>(text.size()));
    }
    return text.data();
}

ScriptServer::ScriptServer(Script script, const std::optional<ServerTls>& tls,
                           const std::string& ip, uint16_t port)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to clients that are gone
    if (tls) {
        tls_ = server_context(*tls);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
    socklen_t size = sizeof(address);
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_.get(), 16) != 0) {
        throw std::runtime_error("no server on " + ip);
    }
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

ScriptServer::~ScriptServer() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        ::shutdown(listener_.get(), SHUT_RDWR);
        for (const auto& connection : open_) {
            ::shutdown(connection.fd.get(), SHUT_RDWR);
        }
    }
    acceptor_.join();
    for (auto& connection : open_) {
        connection.thread.join();
    }
}

void ScriptServer::accept_all() {
    for (;;) {
        const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (fd < 0 || ending_) {
            const Fd unwanted(fd);
            return;
        }
        ++connections_;
        open_.push_back({Fd(fd), std::thread([this, fd] { serve(fd); })});
    }
}

void ScriptServer::serve(int fd) const {
    if (!tls_) {
        Peer peer(fd, nullptr);
        script_(peer);
    } else {
        const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(tls_.get()), SSL_free);
        SSL_set_fd(ssl.get(), fd);
        if (SSL_accept(ssl.get()) == 1) {
            Peer peer(fd, ssl.get());
            script_(peer);
            SSL_shutdown(ssl.get());
        }
        ERR_clear_error();
    }
    ::shutdown(fd, SHUT_RDWR);  // closed with the server, so that its number is not given anew
}

std::string answer(int status, std::string_view body, std::string_view extra_fields) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
           std::string(extra_fields) + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

}  // namespace sy
