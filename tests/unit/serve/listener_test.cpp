#include "serve/listener.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>

#include "tests/support/http_probe.h"
#include "tests/support/strand.h"

namespace sy {
namespace {

using namespace std::chrono_literals;

HttpResponse hello(const HttpRequest&) {
    return {.status = 200, .content_type = "text/plain", .body = "hello", .headers = {}};
}

TEST(Listener, TriesUntilTheAddressIsFree) {
    Strand strand;
    std::optional<HttpServer> thief;
    std::unique_ptr<Listener> listener;
    SocketAddress address{IpAddr::v4(127, 0, 0, 1), Port(0)};
    unsigned attempts = 0;
    strand.run([&] {
        thief.emplace(*HttpServer::listen(strand.io(), address, hello));
        address.port = thief->port();
        listener = std::make_unique<Listener>(
            strand.io(), Listener::Plan{.address = address,
                                        .handler = hello,
                                        .retry_first = 1ms,
                                        .retry_limit = 4ms,
                                        .failed = [&](const Error& error, unsigned attempt) {
                                            EXPECT_EQ(error.code, EADDRINUSE);
                                            EXPECT_EQ(attempt, ++attempts);
                                        }});
        EXPECT_FALSE(listener->listening());
    });
    while (strand.run([&] { return attempts; }) < 5) {
    }
    strand.run([&] { thief.reset(); });
    while (!strand.run([&] { return listener->listening(); })) {
    }
    EXPECT_EQ(http_get(address, "/")->body, "hello");
    strand.run([&] { listener.reset(); });
    EXPECT_FALSE(http_get(address, "/"));
}

}  // namespace
}  // namespace sy
