#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace sy::lab {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};

using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

void must(bool worked, const char* what) {
    if (!worked) {
        std::array<char, 256> reason{};
        ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
        throw std::runtime_error(std::string(what) + ": " + reason.data());
    }
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    must(key != nullptr, "EVP_EC_gen");
    return key;
}

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509& certificate) {
    Bio bio(BIO_new(BIO_s_mem()));
    must(bio && PEM_write_bio_X509(bio.get(), &certificate) == 1, "PEM_write_bio_X509");
    return text_of(bio);
}

std::string pem(EVP_PKEY& key) {
    Bio bio(BIO_new(BIO_s_mem()));
    must(bio &&
             PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "PEM_write_bio_PrivateKey");
    return text_of(bio);
}

void add_name(X509_NAME& name, const char* field, std::string_view value) {
    must(X509_NAME_add_entry_by_txt(&name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1,
         "X509_NAME_add_entry_by_txt");
}

void add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    must(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, "X509_add_ext");
}

/// All but subject, extensions, issuer and signature.
Certificate blank(EVP_PKEY& key, Validity validity) {
    Certificate certificate(X509_new());
    must(certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1, "X509_new");
    std::array<unsigned char, 8> number{};
    must(RAND_bytes(number.data(), static_cast<int>(number.size())) == 1, "RAND_bytes");
    uint64_t serial = 0;
    for (const unsigned char byte : number) {
        serial = serial << 8 | byte;
    }
    must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial) == 1,
         "ASN1_INTEGER_set_uint64");
    const std::time_t now = std::time(nullptr);
    must(ASN1_TIME_set(X509_getm_notBefore(certificate.get()), now + validity.from.count()) &&
             ASN1_TIME_set(X509_getm_notAfter(certificate.get()), now + validity.until.count()),
         "ASN1_TIME_set");
    must(X509_set_pubkey(certificate.get(), &key) == 1, "X509_set_pubkey");
    return certificate;
}

/// The subjectAltName line of OpenSSL's configuration language.
std::string alternative_names(const ServerNames& names) {
    std::string line;
    for (const std::string& name : names.dns) {
        line += (line.empty() ? "DNS:" : ",DNS:") + name;
    }
    for (const std::string& ip : names.ips) {
        line += (line.empty() ? "IP:" : ",IP:") + ip;
    }
    return line;
}

}  // namespace

struct CertificateAuthority::Signer {
    Key key = make_key();
    Certificate certificate = blank(*key, {});
    std::string certificate_pem;

    void sign(X509& subject) const {
        must(X509_set_issuer_name(&subject, X509_get_subject_name(certificate.get())) == 1 &&
                 X509_sign(&subject, key.get(), EVP_sha256()) > 0,
             "X509_sign");
    }
};

CertificateAuthority::CertificateAuthority(std::string_view common_name)
    : signer_(std::make_unique<Signer>()) {
    X509& own = *signer_->certificate;
    add_name(*X509_get_subject_name(&own), "CN", common_name);
    add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
    add_extension(own, own, NID_subject_key_identifier, "hash");
    signer_->sign(own);
    signer_->certificate_pem = pem(own);
}

CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

const std::string& CertificateAuthority::certificate() const {
    return signer_->certificate_pem;
}

KeyPair CertificateAuthority::server(const ServerNames& names, Validity validity) const {
    const Key key = make_key();
    const Certificate certificate = blank(*key, validity);
    add_name(*X509_get_subject_name(certificate.get()), "CN", "kube-apiserver");
    X509& issuer = *signer_->certificate;
    add_extension(*certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(*certificate, issuer, NID_key_usage, "critical,digitalSignature");
    add_extension(*certificate, issuer, NID_ext_key_usage, "serverAuth");
    add_extension(*certificate, issuer, NID_authority_key_identifier, "keyid");
    if (const std::string line = alternative_names(names); !line.empty()) {
        add_extension(*certificate, issuer, NID_subject_alt_name, line);
    }
    signer_->sign(*certificate);
    return {pem(*certificate), pem(*key)};
}

KeyPair CertificateAuthority::client(std::string_view user, const std::vector<std::string>& groups,
                                     Validity validity) const {
    const Key key = make_key();
    const Certificate certificate = blank(*key, validity);
    X509_NAME& subject = *X509_get_subject_name(certificate.get());
    for (const std::string& group : groups) {
        add_name(subject, "O", group);
    }
    add_name(subject, "CN", user);
    X509& issuer = *signer_->certificate;
    add_extension(*certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(*certificate, issuer, NID_key_usage, "critical,digitalSignature");
    add_extension(*certificate, issuer, NID_ext_key_usage, "clientAuth");
    add_extension(*certificate, issuer, NID_authority_key_identifier, "keyid");
    signer_->sign(*certificate);
    return {pem(*certificate), pem(*key)};
}

}  // namespace sy::lab
