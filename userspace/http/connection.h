// One client of an HttpServer. Includes Beast: only for the .cpp files of this folder.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "http/message.h"
#include "http/server.h"

namespace sy {

/// Reads requests and writes answers one after the other until either side has had enough.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
  public:
    struct Owner {
        /// Null after close().
        const HttpHandler* handler = nullptr;
        /// A request was answered.
        std::function<void()> busy;
        /// The connection is no more.
        std::function<void()> gone;
    };

    HttpConnection(boost::asio::ip::tcp::socket socket, const HttpLimits& limits);

    void start(Owner owner);
    /// Ends it at once; the owner is not called any more.
    void close();

  private:
    using Body = boost::beast::http::string_body;

    void read();
    void on_read(const boost::system::error_code& error);
    void answer(HttpReply reply, bool keep_alive, bool head_only);
    void answer(HttpResponse response, bool keep_alive, bool head_only);
    void refuse(const boost::system::error_code& error);
    void finish();

    boost::beast::tcp_stream stream_;
    HttpLimits limits_;
    Owner owner_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<Body>> parser_;
    std::optional<boost::beast::http::response<Body>> response_;
};

}  // namespace sy
