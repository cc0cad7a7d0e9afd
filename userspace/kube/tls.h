// The part of TLS that is the same for all connections: whom we trust and who we are.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace sy {

struct TlsMaterial {
    /// PEM certificates we trust; empty: the system's.
    std::string authority;
    /// Trust everybody.
    bool insecure = false;
    /// PEM, the chain included; empty: none.
    std::string certificate;
    /// PEM, not encrypted.
    std::string key;

    friend bool operator==(const TlsMaterial&, const TlsMaterial&) = default;
};

/// Shared by the connections that use it. TLS 1.2 or newer.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// The error says which part is broken, never what is in it.
Result<TlsContext> make_tls_context(const TlsMaterial& material);

}  // namespace sy
