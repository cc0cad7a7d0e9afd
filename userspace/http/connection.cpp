#include "http/connection.h"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace sy {

namespace http = boost::beast::http;

HttpConnection::HttpConnection(boost::asio::ip::tcp::socket socket, const HttpLimits& limits)
    : stream_(std::move(socket)),
      limits_(limits),
      // A little of the next request may be read along with this one.
      buffer_(limits.header_bytes + limits.body_bytes) {}

void HttpConnection::start(Owner owner) {
    owner_ = std::move(owner);
    read();
}

void HttpConnection::close() {
    owner_ = {};
    boost::system::error_code ignored;
    (void)stream_.socket().close(ignored);
    stream_.cancel();
}

void HttpConnection::finish() {
    const auto gone = std::move(owner_.gone);
    boost::system::error_code ignored;
    (void)stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    close();
    if (gone) {
        gone();
    }
}

void HttpConnection::read() {
    parser_.emplace();
    // The parser counts what one call of it consumes, so this bounds the header's size.
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(limits_.body_bytes);
    stream_.expires_after(limits_.patience);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const boost::system::error_code& error,
                                                 std::size_t) { self->on_read(error); });
}

void HttpConnection::on_read(const boost::system::error_code& error) {
    if (owner_.handler == nullptr) {
        return;
    }
    if (error) {
        refuse(error);
        return;
    }
    const auto& request = parser_->get();
    const std::string_view target(request.target());
    const auto mark = target.find('?');
    const bool has_query = mark != std::string_view::npos;
    owner_.busy();
    answer((*owner_.handler)(
               HttpRequest{.method = std::string_view(request.method_string()),
                           .path = target.substr(0, mark),
                           .query = has_query ? target.substr(mark + 1) : std::string_view()}),
           request.keep_alive(), request.method() == http::verb::head);
}

void HttpConnection::answer(HttpReply reply, bool keep_alive, bool head_only) {
    if (!reply.body_later) {
        answer(std::move(reply.response), keep_alive, head_only);
        return;
    }
    const auto body_later = std::move(reply.body_later);
    body_later([weak = weak_from_this(), response = std::move(reply.response), keep_alive,
                head_only](std::string body) mutable {
        const auto self = weak.lock();
        if (self && self->owner_.handler != nullptr) {
            response.body = std::move(body);
            self->answer(std::move(response), keep_alive, head_only);
        }
    });
}

void HttpConnection::refuse(const boost::system::error_code& error) {
    const bool unreadable =
        error.category() == http::make_error_code(http::error::bad_method).category();
    if (!unreadable || error == http::error::end_of_stream ||
        error == http::error::partial_message) {
        finish();
        return;
    }
    HttpResponse response{.status = 400, .body = "bad request\n", .headers = {}};
    if (error == http::error::header_limit) {
        response.status = 431;
        response.body = "the header is too large\n";
    } else if (error == http::error::body_limit) {
        response.status = 413;
        response.body = "the body is too large\n";
    }
    answer(std::move(response), false, false);
}

void HttpConnection::answer(HttpResponse response, bool keep_alive, bool head_only) {
    response_.emplace(static_cast<http::status>(response.status),
                      parser_->is_header_done() ? parser_->get().version() : 11U);
    response_->keep_alive(keep_alive);
    response_->set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) {
        response_->insert(name, value);
    }
    response_->content_length(response.body.size());
    if (!head_only) {
        response_->body() = std::move(response.body);
    }
    stream_.expires_after(limits_.patience);
    http::async_write(stream_, *response_,
                      [self = shared_from_this(), keep_alive](
                          const boost::system::error_code& error, std::size_t) {
                          if (self->owner_.handler == nullptr) {
                              return;
                          }
                          self->response_.reset();
                          if (error || !keep_alive) {
                              self->finish();
                          } else {
                              self->read();
                          }
                      });
}

}  // namespace sy
