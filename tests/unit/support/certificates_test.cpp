#include "tests/support/certificates.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

namespace sy::lab {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parse(const std::string& pem) {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), X509_free);
    BIO_free(bio);
    return certificate;
}

/// X509_V_OK or why `authority` does not vouch for it.
int verify(const std::string& authority, const std::string& subject, int purpose) {
    const Certificate root = parse(authority);
    const Certificate leaf = parse(subject);
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, root.get());
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
    X509_STORE_CTX_set_purpose(context, purpose);
    X509_verify_cert(context);
    const int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
}

TEST(Certificates, ServerIsTrustedForItsNames) {
    const CertificateAuthority authority;
    const KeyPair pair =
        authority.server({{"api.example", "kubernetes"}, {"10.96.0.1", "fd00::1"}});
    EXPECT_EQ(verify(authority.certificate(), pair.certificate, X509_PURPOSE_SSL_SERVER),
              X509_V_OK);
    EXPECT_NE(verify(authority.certificate(), pair.certificate, X509_PURPOSE_SSL_CLIENT),
              X509_V_OK);
    const Certificate leaf = parse(pair.certificate);
    EXPECT_EQ(X509_check_host(leaf.get(), "api.example", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(leaf.get(), "other.example", 0, 0, nullptr), 0);
    EXPECT_EQ(X509_check_ip_asc(leaf.get(), "10.96.0.1", 0), 1);
    EXPECT_EQ(X509_check_ip_asc(leaf.get(), "fd00::1", 0), 1);
    EXPECT_EQ(X509_check_ip_asc(leaf.get(), "10.96.0.2", 0), 0);
}

TEST(Certificates, ClientNamesUserAndGroups) {
    const CertificateAuthority authority;
    const KeyPair pair = authority.client("system:kube-proxy", {"system:nodes"});
    EXPECT_EQ(verify(authority.certificate(), pair.certificate, X509_PURPOSE_SSL_CLIENT),
              X509_V_OK);
    const Certificate leaf = parse(pair.certificate);
    std::string subject(256, '\0');
    X509_NAME_oneline(X509_get_subject_name(leaf.get()), subject.data(), 256);
    EXPECT_STREQ(subject.c_str(), "/O=system:nodes/CN=system:kube-proxy");
    EXPECT_NE(pair.key.find("PRIVATE KEY"), std::string::npos);
}

TEST(Certificates, TimesCount) {
    const CertificateAuthority authority;
    EXPECT_EQ(verify(authority.certificate(), authority.server({{"a"}, {}}, kExpired).certificate,
                     X509_PURPOSE_SSL_SERVER),
              X509_V_ERR_CERT_HAS_EXPIRED);
    EXPECT_EQ(verify(authority.certificate(), authority.client("a", {}, kNotYet).certificate,
                     X509_PURPOSE_SSL_CLIENT),
              X509_V_ERR_CERT_NOT_YET_VALID);
}

TEST(Certificates, AnotherAuthorityIsNotTrusted) {
    const CertificateAuthority authority;
    const CertificateAuthority other;
    EXPECT_NE(verify(other.certificate(), authority.server({{"a"}, {}}).certificate,
                     X509_PURPOSE_SSL_SERVER),
              X509_V_OK);
}

}  // namespace
}  // namespace sy::lab
