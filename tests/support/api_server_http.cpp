#include "tests/support/api_server_http.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>

namespace sy::lab {
namespace {

constexpr std::string_view kEnd = "\r\n";

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find(kEnd);
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + kEnd.size());
    return line;
}

void parse_target(HttpRequest& request) {
    const std::string_view target = request.target;
    const std::size_t mark = target.find('?');
    request.path = unescape(target.substr(0, mark));
    std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::size_t end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        const std::size_t sign = pair.find('=');
        request.query[unescape(pair.substr(0, sign))] =
            sign == std::string_view::npos ? "" : unescape(pair.substr(sign + 1));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
}

HttpRequest parse_head(std::string_view head) {
    HttpRequest request;
    std::string_view line = take_line(head);
    const std::size_t first = line.find(' ');
    const std::size_t second = line.rfind(' ');
    if (first == std::string_view::npos || second == first ||
        !line.substr(second + 1).starts_with("HTTP/1.")) {
        return request;
    }
    request.target = line.substr(first + 1, second - first - 1);
    parse_target(request);
    while (!head.empty()) {
        line = take_line(head);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            return request;
        }
        const std::size_t value = line.find_first_not_of(' ', colon + 1);
        request.headers[lower(line.substr(0, colon))] =
            value == std::string_view::npos ? "" : line.substr(value);
    }
    return request;
}

std::string_view phrase(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 422:
            return "Unprocessable Entity";
        case 429:
            return "Too Many Requests";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Status";
    }
}

}  // namespace

std::string_view HttpRequest::header(std::string_view lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string_view() : found->second;
}

std::string_view HttpRequest::parameter(std::string_view name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string_view() : found->second;
}

bool HttpRequest::flag(std::string_view name) const {
    const std::string_view value = parameter(name);
    return value == "true" || value == "1";
}

bool HttpRequest::keep_alive() const {
    return lower(header("connection")).find("close") == std::string::npos;
}

std::optional<HttpRequest> take_request(std::string& buffer) {
    const std::size_t end = buffer.find("\r\n\r\n");
    if (end == std::string::npos) {
        return std::nullopt;
    }
    HttpRequest request = parse_head(std::string_view(buffer).substr(0, end));
    std::size_t length = 0;
    const std::string_view given = request.header("content-length");
    std::from_chars(given.data(), given.data() + given.size(), length);
    if (buffer.size() < end + 4 + length) {
        return std::nullopt;
    }
    request.method = buffer.substr(0, buffer.find(' '));
    if (request.path.empty() || request.headers.contains("transfer-encoding")) {
        request.method.clear();
    }
    request.body = buffer.substr(end + 4, length);
    buffer.erase(0, end + 4 + length);
    return request;
}

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
                text.data() + i + 3) {
            out += static_cast<char>(value);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::string HttpHead::text() const {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " " + std::string(phrase(status)) +
                       "\r\nAudit-Id: 4f5a2c9e-0c1d-4b7e-8a43-6f1b6a0f7d21"
                       "\r\nCache-Control: no-cache, private\r\nContent-Type: " +
                       std::string(content_type) +
                       "\r\nX-Kubernetes-Pf-Flowschema-Uid: 0b1c5f60-7f0e-4c67-9b43-1d2f1a5c7e90";
    if (retry_after) {
        head += "\r\nRetry-After: " + std::to_string(*retry_after);
    }
    head += length ? "\r\nContent-Length: " + std::to_string(*length)
                   : std::string("\r\nTransfer-Encoding: chunked");
    return head + (close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
}

std::string_view usual_reason(unsigned code) {
    switch (code) {
        case 400:
            return "BadRequest";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "NotFound";
        case 409:
            return "Conflict";
        case 410:
            return "Expired";
        case 422:
            return "Invalid";
        case 429:
            return "TooManyRequests";
        case 503:
            return "ServiceUnavailable";
        case 504:
            return "Timeout";
        default:
            return "InternalError";
    }
}

std::string json_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            std::array<char, 8> escaped{};
            std::snprintf(escaped.data(), escaped.size(), "\\u%04x", byte);
            out += escaped.data();
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string status_body(unsigned code, std::string_view reason, std::string_view message) {
    return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":)" +
           json_quoted(message) + R"(,"reason":)" + json_quoted(reason) + R"(,"code":)" +
           std::to_string(code) + "}\n";
}

}  // namespace sy::lab
