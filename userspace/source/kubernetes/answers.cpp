#include "source/kubernetes/answers.h"

#include <simdjson.h>

#include <algorithm>

namespace sy {
namespace {

using simdjson::dom::element;

constexpr uint64_t kMaxCode = 999;
constexpr uint64_t kMaxSeconds = 3600;

// Text at `key`; empty if there is none.
std::string text(const element& object, std::string_view key) {
    std::string_view value;
    if (object.at_key(key).get(value) != simdjson::SUCCESS) {
        return {};
    }
    return std::string(value);
}

std::optional<uint64_t> number(const element& object, std::string_view key) {
    uint64_t value = 0;
    if (object.at_key(key).get(value) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    return value;
}

bool has_too_large_cause(const element& details) {
    simdjson::dom::array causes;
    if (details.at_key("causes").get(causes) != simdjson::SUCCESS) {
        return false;
    }
    return std::ranges::any_of(causes, [](const element& cause) {
        return text(cause, "reason") == "ResourceVersionTooLarge";
    });
}

}  // namespace

bool Refusal::expired() const {
    return code == 410 || reason == "Expired" || reason == "Gone";
}

Refusal read_refusal(std::string_view json, unsigned http_code) {
    Refusal refusal;
    refusal.code = http_code;
    simdjson::dom::parser parser;
    element status;
    if (parser.parse(json.data(), json.size()).get(status) != simdjson::SUCCESS ||
        text(status, "kind") != "Status") {
        return refusal;
    }
    if (http_code == 0) {
        refusal.code =
            static_cast<unsigned>(std::min(number(status, "code").value_or(0), kMaxCode));
    }
    refusal.reason = text(status, "reason");
    refusal.message = text(status, "message");
    element details;
    if (status.at_key("details").get(details) == simdjson::SUCCESS && details.is_object()) {
        if (const auto seconds = number(details, "retryAfterSeconds")) {
            refusal.retry_after = std::chrono::seconds(std::min(*seconds, kMaxSeconds));
        }
        refusal.version_too_large = has_too_large_cause(details);
    }
    // Servers before 1.19 give no cause.
    refusal.version_too_large |=
        refusal.message.find("Too large resource version") != std::string::npos;
    return refusal;
}

std::optional<Bookmark> read_bookmark(std::string_view json) {
    simdjson::dom::parser parser;
    element object;
    element metadata;
    if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS ||
        object.at_key("metadata").get(metadata) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    Bookmark bookmark{text(metadata, "resourceVersion"), false};
    if (bookmark.resource_version.empty()) {
        return std::nullopt;
    }
    element annotations;
    if (metadata.at_key("annotations").get(annotations) == simdjson::SUCCESS) {
        bookmark.ends_initial_events = text(annotations, "k8s.io/initial-events-end") == "true";
    }
    return bookmark;
}

std::optional<ListPosition> read_list_position(std::string_view metadata) {
    simdjson::dom::parser parser;
    element object;
    if (parser.parse(metadata.data(), metadata.size()).get(object) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    ListPosition position{text(object, "resourceVersion"), text(object, "continue")};
    if (position.resource_version.empty()) {
        return std::nullopt;
    }
    return position;
}

}  // namespace sy
