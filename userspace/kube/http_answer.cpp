#include "kube/http_answer.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace sy {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr uint32_t kMaxHead = 64 * 1024;

std::string_view std_view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
    // An absurd wish is as good as none.
    constexpr unsigned kMax = 24 * 3600;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > kMax) {
        return std::nullopt;
    }
    return std::chrono::seconds(value);
}

}  // namespace

class HttpAnswer::Parser : public http::basic_parser<false> {
  public:
    Parser() {
        header_limit(kMaxHead);
        body_limit(boost::none);
    }

    ApiHead head;
    std::string location;
    /// While a body is put in.
    const BodySink* sink = nullptr;

  private:
    void on_request_impl(http::verb /*method*/, boost::beast::string_view /*name*/,
                         boost::beast::string_view /*target*/, int /*version*/,
                         error_code& /*error*/) override {}
    void on_response_impl(int status, boost::beast::string_view /*reason*/, int /*version*/,
                          error_code& /*error*/) override {
        head.status = static_cast<unsigned>(status);
    }
    void on_field_impl(http::field field, boost::beast::string_view /*name*/,
                       boost::beast::string_view value, error_code& /*error*/) override {
        if (field == http::field::content_type) {
            auto type = std_view(value);
            type = type.substr(0, type.find(';'));
            head.content_type = type.substr(0, type.find_last_not_of(" \t") + 1);
        } else if (field == http::field::retry_after) {
            head.retry_after = parse_seconds(std_view(value));
        } else if (field == http::field::location) {
            location = std_view(value);
        }
    }
    void on_header_impl(error_code& /*error*/) override {}
    void on_body_init_impl(const boost::optional<uint64_t>& /*length*/,
                           error_code& /*error*/) override {}
    std::size_t on_body_impl(boost::beast::string_view body, error_code& error) override {
        return pass(body, error);
    }
    void on_chunk_header_impl(uint64_t /*size*/, boost::beast::string_view /*extensions*/,
                              error_code& /*error*/) override {}
    std::size_t on_chunk_body_impl(uint64_t /*remain*/, boost::beast::string_view body,
                                   error_code& error) override {
        return pass(body, error);
    }
    void on_finish_impl(error_code& /*error*/) override {}

    std::size_t pass(boost::beast::string_view body, error_code& error) const {
        if (sink != nullptr && !body.empty() && !(*sink)(std_view(body))) {
            error = boost::system::errc::make_error_code(boost::system::errc::operation_canceled);
        }
        return body.size();
    }
};

HttpAnswer::HttpAnswer() : parser_(std::make_unique<Parser>()) {}
HttpAnswer::HttpAnswer(HttpAnswer&&) noexcept = default;
HttpAnswer& HttpAnswer::operator=(HttpAnswer&&) noexcept = default;
HttpAnswer::~HttpAnswer() = default;

Result<std::size_t> HttpAnswer::put_head(std::string_view bytes) {
    std::size_t used = 0;
    while (!head_done() && used < bytes.size()) {
        error_code error;
        const auto rest = bytes.substr(used);
        const auto n = parser_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
        used += n;  // also when more is needed: the first line is used before the fields
        if (error == http::error::need_more) {
            break;
        }
        if (error) {
            return fail("the answer is not HTTP (" + error.message() + ")");
        }
        if (parser_->is_header_done() && parser_->head.status == 101) {
            return fail("the server wants to speak another protocol");
        }
        if (parser_->is_header_done() && parser_->head.status / 100 == 1) {
            parser_ = std::make_unique<Parser>();  // the real one follows
        }
    }
    return used;
}

bool HttpAnswer::head_done() const {
    return parser_->is_header_done();
}

const ApiHead& HttpAnswer::head() const {
    return parser_->head;
}

const std::string& HttpAnswer::location() const {
    return parser_->location;
}

Result<std::size_t> HttpAnswer::put_body(std::string_view bytes, const BodySink& sink) {
    parser_->eager(true);
    parser_->sink = &sink;
    error_code error;
    if (bytes.empty() || done()) {
        return 0;
    }
    const auto used = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    parser_->sink = nullptr;
    if (error && error != http::error::need_more &&
        error != boost::system::errc::operation_canceled) {
        return fail("the answer is not HTTP (" + error.message() + ")");
    }
    return used;
}

Result<void> HttpAnswer::put_end(bool clean) {
    if (done()) {
        return {};
    }
    if (!head_done()) {
        return fail("the server closed the connection before it answered");
    }
    if (!clean || !parser_->need_eof()) {
        return fail("the answer was cut");
    }
    error_code error;
    parser_->put_eof(error);
    return error ? fail("the answer was cut") : Result<void>{};
}

bool HttpAnswer::done() const {
    return parser_->is_done();
}

}  // namespace sy
