#include "kube/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <string_view>
#include <vector>

namespace sy {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// A daemon has nobody to ask; without this OpenSSL would ask the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return -1;
}

Bio reader(std::string_view text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// All certificates of a PEM text; none if it holds a broken one.
std::vector<Certificate> certificates(std::string_view pem) {
    ERR_clear_error();
    std::vector<Certificate> result;
    const auto bio = reader(pem);
    while (X509* const read = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
        result.emplace_back(read, X509_free);
    }
    const auto error = ERR_peek_last_error();
    const bool at_end =
        ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) {
        result.clear();
    }
    return result;
}

Result<void> trust(SSL_CTX& context, const TlsMaterial& material) {
    if (material.insecure) {
        SSL_CTX_set_verify(&context, SSL_VERIFY_NONE, nullptr);
        return {};
    }
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
    if (material.authority.empty()) {
        SSL_CTX_set_default_verify_paths(&context);
        return {};
    }
    const auto authorities = certificates(material.authority);
    if (authorities.empty()) {
        return fail("certificate-authority holds no certificate that can be read (PEM)");
    }
    X509_STORE* const store = SSL_CTX_get_cert_store(&context);
    for (const auto& authority : authorities) {
        X509_STORE_add_cert(store, authority.get());
    }
    // As in Go: whatever is listed is trusted, also an intermediate without its root.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return {};
}

Result<void> identify(SSL_CTX& context, const TlsMaterial& material) {
    if (material.certificate.empty()) {
        return {};
    }
    auto chain = certificates(material.certificate);
    if (chain.empty() || SSL_CTX_use_certificate(&context, chain.front().get()) != 1) {
        ERR_clear_error();
        return fail("client-certificate holds no certificate that can be used (PEM)");
    }
    for (std::size_t i = 1; i < chain.size(); ++i) {
        SSL_CTX_add1_chain_cert(&context, chain[i].get());
    }
    const auto bio = reader(material.key);
    const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr), EVP_PKEY_free);
    ERR_clear_error();
    if (!key) {
        return fail("client-key holds no key that can be read (PEM, not encrypted)");
    }
    const bool fits = SSL_CTX_use_PrivateKey(&context, key.get()) == 1 &&
                      SSL_CTX_check_private_key(&context) == 1;
    ERR_clear_error();
    if (!fits) {
        return fail("client-key is not the key of client-certificate");
    }
    return {};
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsMaterial& material) {
    TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!context) {
        return fail("OpenSSL cannot be set up");
    }
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    // Several records per system call where the server is fast.
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_default_read_buffer_len(context.get(), 128UL * 1024);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context.get(), kHttp11.data(), kHttp11.size());
    if (auto trusted = trust(*context, material); !trusted) {
        return std::unexpected(trusted.error());
    }
    if (auto identified = identify(*context, material); !identified) {
        return std::unexpected(identified.error());
    }
    return context;
}

}  // namespace sy
