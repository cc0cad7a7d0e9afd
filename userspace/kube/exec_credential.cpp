#include "kube/exec_credential.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "kube/base64.h"
#include "source/yaml_scalar.h"

namespace sy {
namespace {

using simdjson::dom::element;

// The text of a member; "" if it is absent or no text.
std::string text_of(element object, std::string_view key) {
    std::string_view text;
    return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::optional<int> number(std::string_view& text, std::size_t digits) {
    int value = 0;
    if (text.size() < digits || text.front() == '-') {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc{} || end != text.data() + digits) {
        return std::nullopt;
    }
    text.remove_prefix(digits);
    return value;
}

bool accept(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

// "Z", "+01:00": what is to be subtracted.
std::optional<std::chrono::minutes> offset(std::string_view text) {
    if (text == "Z" || text == "z") {
        return std::chrono::minutes(0);
    }
    const bool west = text.starts_with('-');
    if (!accept(text, "+-")) {
        return std::nullopt;
    }
    const auto hours = number(text, 2);
    const bool colon = accept(text, ":");
    const auto minutes = number(text, 2);
    if (!hours || !colon || !minutes || !text.empty()) {
        return std::nullopt;
    }
    const std::chrono::minutes east(*hours * 60 + *minutes);
    return west ? -east : east;
}

std::string member(std::string_view key, const std::string& json) {
    return ',' + json_string(key) + ':' + json;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text) {
    using namespace std::chrono_literals;
    const auto year = number(text, 4);
    const bool first = accept(text, "-");
    const auto month = number(text, 2);
    const bool second = accept(text, "-");
    const auto day = number(text, 2);
    const bool time = accept(text, "Tt ");
    const auto hour = number(text, 2);
    const bool third = accept(text, ":");
    const auto minute = number(text, 2);
    const bool fourth = accept(text, ":");
    const auto seconds = number(text, 2);
    if (!year || !first || !month || !second || !day || !time || !hour || !third || !minute ||
        !fourth || !seconds || *hour > 23 || *minute > 59 || *seconds > 60) {
        return std::nullopt;
    }
    // Within what the clock can count: "9999-12-31" is how some programs say never.
    const std::chrono::year_month_day date(std::chrono::year(std::clamp(*year, 1972, 2200)),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (accept(text, ".")) {  // what is less than a second does not matter here
        const auto end = text.find_first_not_of("0123456789");
        if (end == 0 || end == std::string_view::npos) {
            return std::nullopt;
        }
        text.remove_prefix(end);
    }
    const auto east = offset(text);
    if (!date.ok() || !east) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*seconds) - *east;
}

Result<ExecCredential> parse_exec_credential(std::string_view json, std::string_view api_version) {
    simdjson::dom::parser parser;
    element root;
    if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS ||
        !root.is_object()) {
        return fail("printed something else than one JSON object");
    }
    if (text_of(root, "kind") != "ExecCredential") {
        return fail("printed something else than an ExecCredential");
    }
    if (const auto version = text_of(root, "apiVersion"); version != api_version) {
        return fail("printed apiVersion \"" + printable(version, 64) + "\" instead of \"" +
                    std::string(api_version) + '"');
    }
    element status;
    if (root["status"].get(status) != simdjson::SUCCESS || !status.is_object()) {
        return fail("printed an ExecCredential without status");
    }
    ExecCredential credential{.token = text_of(status, "token"),
                              .certificate = text_of(status, "clientCertificateData"),
                              .key = text_of(status, "clientKeyData"),
                              .expires = std::nullopt};
    if (credential.certificate.empty() != credential.key.empty()) {
        return fail("printed only one of clientCertificateData and clientKeyData");
    }
    if (credential.token.empty() && credential.key.empty()) {
        return fail("printed neither a token nor a client certificate");
    }
    if (const auto expiry = text_of(status, "expirationTimestamp"); !expiry.empty()) {
        credential.expires = parse_time(expiry);
        if (!credential.expires) {
            return fail("printed an expirationTimestamp that is no time");
        }
    }
    return credential;
}

std::string exec_info(const ApiAccess& access, std::string_view authority) {
    std::string spec = R"({"interactive":false)";
    if (access.exec->provide_cluster_info) {
        std::string cluster = R"({"server":)" + json_string(access.server.to_string());
        if (!access.tls_server_name.empty()) {
            cluster += member("tls-server-name", json_string(access.tls_server_name));
        }
        if (access.insecure) {
            cluster += member("insecure-skip-tls-verify", "true");
        }
        if (!authority.empty()) {
            cluster += member("certificate-authority-data", json_string(base64(authority)));
        }
        const auto& config = access.exec->cluster_config;
        cluster += member("config", config.empty() ? "null" : config) + '}';
        spec += member("cluster", cluster);
    }
    return R"({"kind":"ExecCredential")" +
           member("apiVersion", json_string(access.exec->api_version)) +
           member("spec", spec + '}') + '}';
}

}  // namespace sy
