#include "tests/support/api_server_kubeconfig.h"

#include <openssl/evp.h>

namespace sy::lab {
namespace {

std::string line(std::string_view key, const std::string& value) {
    return value.empty() ? std::string() : "    " + std::string(key) + ": " + value + "\n";
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::string Kubeconfig::text() const {
    const std::string user =
        line("token", token) + line("tokenFile", token_file) +
        (client ? line("client-certificate-data", base64(client->certificate)) +
                      line("client-key-data", base64(client->key))
                : "");
    return "apiVersion: v1\nkind: Config\nclusters:\n- name: default\n  cluster:\n" +
           line("certificate-authority-data", authority.empty() ? "" : base64(authority)) +
           line("certificate-authority", authority_file) + line("server", server) +
           line("tls-server-name", tls_server_name) +
           "contexts:\n- name: default\n  context:\n    cluster: default\n    namespace: default\n"
           "    user: default\ncurrent-context: default\nusers:\n- name: default\n  user:\n" +
           (user.empty() ? "    {}\n" : user);
}

}  // namespace sy::lab
