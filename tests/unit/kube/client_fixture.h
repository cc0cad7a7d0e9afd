// A client under test and what its handlers have heard.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/api_client.h"
#include "test_log.h"

namespace sy {

/// Keeps what it hears.
class Recorder : public ApiHandler {
  public:
    void on_head(const ApiHead& what) override {
        EXPECT_FALSE(head || end);
        head = what;
        if (at_head) {
            at_head();
        }
    }
    void on_body(std::string_view bytes) override {
        EXPECT_TRUE(head && !end);
        size += bytes.size();
        if (keep) {
            body += bytes;
        }
        if (at_body) {
            at_body();
        }
    }
    void on_end(const Result<void>& how) override {
        EXPECT_FALSE(end);
        end = how;
        if (at_end) {
            at_end();
        }
    }
    std::string error() const { return !end ? "not ended" : *end ? "" : end->error().message(); }
    unsigned status() const { return head ? head->status : 0; }

    std::optional<ApiHead> head;
    std::string body;
    std::size_t size = 0;
    std::optional<Result<void>> end;
    bool keep = true;
    std::function<void()> at_head;
    std::function<void()> at_body;
    std::function<void()> at_end;
};

class ClientFixture : public ::testing::Test {
  protected:
    /// Lets the loop turn until `done` holds; a failure if that takes absurdly long.
    void run_until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!done() && std::chrono::steady_clock::now() < limit) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(20));
        }
        EXPECT_TRUE(done()) << "waited in vain";
    }

    static ApiAccess access_to(const std::string& host, uint16_t port, bool tls = false) {
        ApiAccess access;
        access.server = {.tls = tls, .host = host, .port = port, .base_path = ""};
        return access;
    }

    void connect(ApiAccess access) {
        options.credentials.look_interval = std::chrono::milliseconds(0);
        options.on_answer = [this](std::string_view method, std::string_view host,
                                   unsigned status) {
            answers.push_back(std::string(method) + ' ' + std::to_string(status));
            answering_host = host;
        };
        client = make_api_client(io, log, std::move(access), options);
    }

    /// Sends and waits for the end.
    void get(ApiRequest request = {.target = "/x"}) {
        const auto call = client->send(std::move(request), recorder);
        run_until([this] { return recorder.end.has_value(); });
    }

    boost::asio::io_context io{1};
    TestLog log;
    ApiClientOptions options;
    std::vector<std::string> answers;
    std::string answering_host;
    std::unique_ptr<ApiClient> client;
    Recorder recorder;
};

}  // namespace sy
