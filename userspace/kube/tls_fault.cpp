#include "kube/tls_fault.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <span>
#include <string_view>

#include "base/ip.h"
#include "base/text.h"

namespace sy {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr int kMaxNames = 8;

Bio memory() {
    return {BIO_new(BIO_s_mem()), BIO_free};
}

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return printable({data, static_cast<std::size_t>(size)}, 128);
}

std::string time_text(const ASN1_TIME* time) {
    const auto bio = memory();
    ASN1_TIME_print(bio.get(), time);
    return text_of(bio);
}

std::string issuer_of(const X509* certificate) {
    const auto bio = memory();
    X509_NAME_print_ex(bio.get(), X509_get_issuer_name(certificate), 0, XN_FLAG_ONELINE);
    return text_of(bio);
}

std::string name_text(const GENERAL_NAME* name) {
    const ASN1_STRING* text = nullptr;
    if (name->type == GEN_DNS) {
        text = name->d.dNSName;
    } else if (name->type == GEN_IPADD) {
        text = name->d.iPAddress;
    } else {
        return {};
    }
    const std::span bytes(ASN1_STRING_get0_data(text),
                          static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (name->type == GEN_IPADD) {
        const auto ip = IpAddr::from_bytes(bytes);
        return ip ? ip->to_string() : "";
    }
    return printable({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 64);
}

std::string names_of(const X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        GENERAL_NAMES_free);
    const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
    std::string text;
    for (int i = 0; i < count && i < kMaxNames; ++i) {
        if (const auto name = name_text(sk_GENERAL_NAME_value(names.get(), i)); !name.empty()) {
            text += (text.empty() ? "" : ", ") + name;
        }
    }
    if (count > kMaxNames) {
        text += " and others";
    }
    return text.empty() ? "nobody (it names no host)" : text;
}

}  // namespace

std::string certificate_fault(x509_store_ctx_st& verification, const std::string& wanted) {
    const int error = X509_STORE_CTX_get_error(&verification);
    const X509* const at = X509_STORE_CTX_get_current_cert(&verification);
    const X509* const leaf = X509_STORE_CTX_get0_cert(&verification);
    const bool own = X509_STORE_CTX_get_error_depth(&verification) == 0;
    const std::string whose =
        own ? "the server's certificate" : "the certificate of the server's authority";
    switch (error) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "the server's certificate is for " + names_of(leaf) + ", not for " + wanted +
                   ": use one of these, or set tls-server-name";
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return whose + " expired on " + time_text(X509_get0_notAfter(at)) +
                   ": renew it (or is our clock wrong?)";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return whose + " is not valid before " + time_text(X509_get0_notBefore(at)) +
                   ": is our clock right?";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return "the server's certificate is signed by an unknown authority (" +
                   issuer_of(at != nullptr ? at : leaf) + "): check certificate-authority";
        default:
            return whose + " is refused: " + X509_verify_cert_error_string(error);
    }
}

std::string tls_fault(unsigned long code) {
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
        switch (ERR_GET_REASON(code)) {
            case SSL_R_UNSUPPORTED_PROTOCOL:
            case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            case SSL_R_UNKNOWN_PROTOCOL:
                return "the server speaks no TLS 1.2 or newer";
            case SSL_R_WRONG_VERSION_NUMBER:
            case SSL_R_HTTP_REQUEST:
            case SSL_R_PACKET_LENGTH_TOO_LONG:
                return "the server does not speak TLS: is its URL http://?";
            case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
            case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
            case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
            case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
            case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
                return std::string("the server refuses our client certificate (") +
                       ERR_reason_error_string(code) + ')';
            case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
                return "the server demands a client certificate: add client-certificate and "
                       "client-key";
            case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
                return "the server broke the TLS handshake off: no common cipher, or it demands a "
                       "client certificate";
            default:
                break;
        }
    }
    const char* const reason = ERR_reason_error_string(code);
    return std::string("TLS: ") + (reason != nullptr ? reason : "unknown error");
}

}  // namespace sy
