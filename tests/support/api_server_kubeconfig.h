// Kubeconfig files for clients of the test API server.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/certificates.h"

namespace sy::lab {

/// What a kubeconfig says; what is empty is left out.
struct Kubeconfig {
    std::string server;
    /// PEM; goes in inline.
    std::string authority;
    std::string authority_file;
    std::string tls_server_name;
    std::string token;
    std::string token_file;
    /// Goes in inline.
    std::optional<KeyPair> client;

    /// YAML, as kubeadm writes it.
    std::string text() const;
};

std::string base64(std::string_view bytes);

}  // namespace sy::lab
