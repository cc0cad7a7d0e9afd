// What went wrong in TLS, in words that help to mend it.
#pragma once

#include <string>

struct x509_store_ctx_st;

namespace sy {

/// Why the peer's certificate was refused. `wanted` is the name or address it should be for.
std::string certificate_fault(x509_store_ctx_st& verification, const std::string& wanted);

/// What the last error of OpenSSL on this thread means.
std::string tls_fault(unsigned long code);

}  // namespace sy
