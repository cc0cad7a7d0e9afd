// Certificates for tests of TLS: made in memory, in a moment, and signed by an authority of ours.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sy::lab {

/// A certificate and its private key, both PEM.
struct KeyPair {
    std::string certificate;
    std::string key;
};

/// When a certificate counts, relative to now.
struct Validity {
    std::chrono::seconds from = -std::chrono::hours(1);
    std::chrono::seconds until = std::chrono::hours(24);
};

/// Was good once, is no more.
inline constexpr Validity kExpired{-std::chrono::hours(48), -std::chrono::hours(1)};
/// Will be good tomorrow.
inline constexpr Validity kNotYet{std::chrono::hours(24), std::chrono::hours(48)};

/// What a server is called.
struct ServerNames {
    std::vector<std::string> dns;
    /// "10.0.0.1", "fd00::1".
    std::vector<std::string> ips;
};

/// An authority that signs. Throws std::runtime_error where OpenSSL fails: a test cannot go on.
class CertificateAuthority {
  public:
    explicit CertificateAuthority(std::string_view common_name = "test-ca");
    CertificateAuthority(CertificateAuthority&&) noexcept;
    CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
    ~CertificateAuthority();

    /// What clients should trust.
    const std::string& certificate() const;

    KeyPair server(const ServerNames& names, Validity validity = {}) const;
    /// A user and its groups, as the API server reads them: CN and O.
    KeyPair client(std::string_view user, const std::vector<std::string>& groups = {},
                   Validity validity = {}) const;

  private:
    struct Signer;
    std::unique_ptr<Signer> signer_;
};

}  // namespace sy::lab
