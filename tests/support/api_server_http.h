// HTTP/1.1 as Go's server speaks it: what requests say, and how answers begin.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sy::lab {

/// A request, its body included.
struct HttpRequest {
    std::string method;
    std::string target;
    /// Of the target, unescaped.
    std::string path;
    std::map<std::string, std::string, std::less<>> query;
    /// Names in lower case.
    std::map<std::string, std::string, std::less<>> headers;
    std::string body;

    /// Empty where absent.
    std::string_view header(std::string_view lower_case_name) const;
    std::string_view parameter(std::string_view name) const;
    bool flag(std::string_view name) const;
    bool keep_alive() const;
};

/// Takes the first complete request off `buffer`: nothing as long as there is none. Malformed ones
/// come back with an empty method.
std::optional<HttpRequest> take_request(std::string& buffer);

/// "%2F" and "+" as in a query.
std::string unescape(std::string_view text);

/// What an answer says before its body.
struct HttpHead {
    unsigned status = 200;
    std::string_view content_type = "application/json";
    /// Nothing: chunked.
    std::optional<std::size_t> length;
    std::optional<int> retry_after;
    bool close = false;

    std::string text() const;
};

/// A Status object.
std::string status_body(unsigned code, std::string_view reason, std::string_view message);
/// The reason kube-apiserver gives with such a status where nothing better is known.
std::string_view usual_reason(unsigned code);

/// A string with quotes.
std::string json_quoted(std::string_view text);

}  // namespace sy::lab
