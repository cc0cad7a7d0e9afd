#include <algorithm>

#include "kube/http_answer.h"

namespace sy {
namespace {

bool one_word(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool one_line(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
}

}  // namespace

Result<std::string> to_wire(const HttpRequestHead& head) {
    if (!one_word(head.method) || !one_word(head.target) || !head.target.starts_with('/')) {
        return fail("the target of the request is not escaped");
    }
    if (!one_line(head.user_agent) || !one_line(head.authorization) || !one_word(head.host)) {
        return fail("credentials hold characters that do not belong there");
    }
    std::string text;
    const auto line = [&text](std::string_view name, std::string_view value) {
        text.append(name).append(": ").append(value).append("\r\n");
    };
    text.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
    line("Host", head.host);
    line("User-Agent", head.user_agent);
    line("Accept", "application/json");
    line("Connection", "close");
    if (!head.authorization.empty()) {
        line("Authorization", head.authorization);
    }
    if (head.body_size != 0) {
        line("Content-Type",
             head.method == "PATCH" ? "application/merge-patch+json" : "application/json");
    }
    if (head.body_size != 0 || head.method == "POST" || head.method == "PUT") {
        line("Content-Length", std::to_string(head.body_size));
    }
    return text + "\r\n";
}

}  // namespace sy
