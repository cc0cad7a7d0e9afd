#include "serve/pages.h"

#include <fmt/format.h>

namespace sy {
namespace {

constexpr unsigned kOk = 200;
constexpr unsigned kNotFound = 404;
constexpr unsigned kUnavailable = 503;

HttpResponse json_page(bool ok, std::string body) {
    return {.status = ok ? kOk : kUnavailable,
            .content_type = "application/json",
            .body = std::move(body),
            .headers = {{"X-Content-Type-Options", "nosniff"}}};
}

/// In quotes. Names of Services are checked when they are decoded, but who knows.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace

HttpResponse health_page(const HealthReport& report) {
    std::string body = fmt::format(R"({{"lastUpdated":"{}","currentTime":"{}")",
                                   go_time(report.last_updated), go_time(report.current_time));
    if (report.node_eligible) {
        body += fmt::format(R"(,"nodeEligible":{})", *report.node_eligible);
    }
    body += fmt::format(R"(,"healthy":{},"status":{{)", report.healthy);
    std::string_view comma;
    for (const auto& state : report.families) {
        body += fmt::format(R"({}"{}":{{"lastUpdated":"{}","healthy":{}}})", comma,
                            to_string(state.family), go_time(state.last_updated), state.healthy);
        comma = ",";
    }
    return json_page(report.ok(), body + "}}");
}

HttpResponse ready_page(const Readiness& readiness) {
    HttpResponse page;
    page.status = readiness.ready() ? kOk : kUnavailable;
    page.body = readiness.ready() ? "ok" : "not ready: waiting for " + readiness.missing();
    return page;
}

HttpResponse health_check_page(const ServiceName& service, uint32_t local_endpoints,
                               bool proxy_healthy) {
    auto page = json_page(
        local_endpoints > 0 && proxy_healthy,
        fmt::format("{{\n\t\"service\": {{\n\t\t\"namespace\": {},\n\t\t\"name\": {}\n\t}},\n"
                    "\t\"localEndpoints\": {},\n\t\"serviceProxyHealthy\": {}\n}}",
                    quoted(service.ns), quoted(service.name), local_endpoints, proxy_healthy));
    page.headers.emplace_back("X-Load-Balancing-Endpoint-Weight", std::to_string(local_endpoints));
    return page;
}

HttpResponse text_page(std::string body) {
    HttpResponse page;
    page.body = std::move(body);
    return page;
}

HttpResponse not_found_page() {
    HttpResponse page;
    page.status = kNotFound;
    page.body = "404 page not found\n";
    return page;
}

}  // namespace sy
