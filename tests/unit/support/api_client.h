// A plain client for tests of the test API server: one request, one connection, blocking.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/api_server.h"

namespace sy::lab {

struct ClientAnswer {
    unsigned status = 0;
    std::string head;
    /// Without chunks.
    std::string body;
    /// The answer ended where it said it would.
    bool complete = false;
    std::size_t chunks = 0;
};

struct ClientRequest {
    std::string method = "GET";
    std::string target;
    std::string body;
    /// "Authorization: Bearer x\r\n"
    std::string headers;
    /// PEM; for TLS.
    std::string authority;
    std::optional<KeyPair> certificate;
};

/// A connection with one request on it. An answer is read piece by piece.
class TestClient {
  public:
    TestClient(const TestApiServer& server, const ClientRequest& request);
    ~TestClient();
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;

    /// Reads on until the body has so many lines, or the answer ends. Without the head: all.
    const ClientAnswer& read(std::size_t lines = std::string::npos);
    /// The lines of the body so far.
    std::vector<std::string> lines() const;

  private:
    bool receive();
    void decode();

    struct Connection;
    std::unique_ptr<Connection> connection_;
    std::string raw_;
    ClientAnswer answer_;
};

ClientAnswer ask(const TestApiServer& server, const ClientRequest& request);
/// GET.
ClientAnswer ask(const TestApiServer& server, std::string target);

}  // namespace sy::lab
