#include "tests/unit/support/api_client.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sy::lab {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

Bio memory(std::string_view text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all};
}

SSL_CTX* make_context(const ClientRequest& request) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    X509* authority = PEM_read_bio_X509(memory(request.authority).get(), nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (request.certificate) {
        X509* own = PEM_read_bio_X509(memory(request.certificate->certificate).get(), nullptr,
                                      nullptr, nullptr);
        EVP_PKEY* key = PEM_read_bio_PrivateKey(memory(request.certificate->key).get(), nullptr,
                                                nullptr, nullptr);
        SSL_CTX_use_certificate(context, own);
        SSL_CTX_use_PrivateKey(context, key);
        X509_free(own);
        EVP_PKEY_free(key);
    }
    return context;
}

}  // namespace

struct TestClient::Connection {
    SSL_CTX* context = nullptr;
    BIO* bio = nullptr;

    ~Connection() {
        BIO_free_all(bio);
        SSL_CTX_free(context);
    }
};

TestClient::TestClient(const TestApiServer& server, const ClientRequest& request)
    : connection_(std::make_unique<Connection>()) {
    const std::string place = server.url().substr(server.url().find("//") + 2);
    if (server.url().starts_with("https")) {
        connection_->context = make_context(request);
        connection_->bio = BIO_new_ssl_connect(connection_->context);
        BIO_set_conn_hostname(connection_->bio, place.c_str());
    } else {
        connection_->bio = BIO_new_connect(place.c_str());
    }
    const std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + place +
                             "\r\n" + request.headers +
                             "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n" +
                             request.body;
    BIO_write(connection_->bio, text.data(), static_cast<int>(text.size()));
}

TestClient::~TestClient() = default;

bool TestClient::receive() {
    std::array<char, 65536> piece;
    ERR_clear_error();
    const int size = BIO_read(connection_->bio, piece.data(), static_cast<int>(piece.size()));
    if (size <= 0) {
        return false;
    }
    raw_.append(piece.data(), static_cast<std::size_t>(size));
    return true;
}

void TestClient::decode() {
    const std::size_t end = raw_.find("\r\n\r\n");
    if (end == std::string::npos) {
        return;
    }
    answer_ = {};
    answer_.head = raw_.substr(0, end);
    answer_.status = static_cast<unsigned>(std::stoul(raw_.substr(9, 3)));
    std::string_view rest = std::string_view(raw_).substr(end + 4);
    const std::size_t length = answer_.head.find("Content-Length: ");
    if (length != std::string::npos) {
        answer_.body = rest;
        answer_.complete = rest.size() == std::stoul(answer_.head.substr(length + 16));
        return;
    }
    for (;;) {
        const std::size_t line = rest.find("\r\n");
        std::size_t size = 0;
        if (line == std::string_view::npos ||
            std::from_chars(rest.data(), rest.data() + line, size, 16).ptr != rest.data() + line) {
            return;
        }
        rest.remove_prefix(line + 2);
        answer_.body += rest.substr(0, size);
        answer_.complete = size == 0 && rest == "\r\n";
        if (size == 0 || rest.size() < size + 2) {
            return;
        }
        ++answer_.chunks;
        rest.remove_prefix(size + 2);
    }
}

const ClientAnswer& TestClient::read(std::size_t lines) {
    decode();
    while (!answer_.complete &&
           (answer_.head.empty() || static_cast<std::size_t>(std::count(
                                        answer_.body.begin(), answer_.body.end(), '\n')) < lines) &&
           receive()) {
        decode();
    }
    return answer_;
}

std::vector<std::string> TestClient::lines() const {
    std::vector<std::string> result;
    std::string_view rest = answer_.body;
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos;
         rest.remove_prefix(end + 1)) {
        result.emplace_back(rest.substr(0, end));
    }
    return result;
}

ClientAnswer ask(const TestApiServer& server, const ClientRequest& request) {
    TestClient client(server, request);
    return client.read();
}

ClientAnswer ask(const TestApiServer& server, std::string target) {
    ClientRequest request;
    request.target = std::move(target);
    return ask(server, request);
}

}  // namespace sy::lab
