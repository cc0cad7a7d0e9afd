// GET and LIST.
#include <algorithm>
#include <charconv>

#include "tests/support/api_server_state.h"

namespace sy::lab {
namespace {

/// Lists of which some page may still be fetched.
constexpr std::size_t kOpenLists = 16;

constexpr std::string_view kTokenPrefix = "eyJ2IjoibWV0YS5rOHMuaW8vdjEi.";

std::optional<uint64_t> number(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

ApiReply too_large(uint64_t asked, uint64_t current) {
    ApiReply reply = refusal(504, "Too large resource version: " + std::to_string(asked) +
                                      ", current: " + std::to_string(current));
    reply.retry_after = 1;
    return reply;
}

/// What remains of a list, by its token; the list is gone if it is too old.
std::variant<ApiReply, ApiPages> continued(ApiState& state, std::string_view token) {
    const bool ours = token.starts_with(kTokenPrefix);
    const std::optional<uint64_t> id =
        ours ? number(token.substr(kTokenPrefix.size())) : std::nullopt;
    if (!id) {
        return refusal(400, "continue key is not valid");
    }
    const auto found = state.pages.find(*id);
    if (found == state.pages.end() || found->second.version < state.store.compacted()) {
        return refusal(410,
                       "The provided continue parameter is too old to display a consistent list "
                       "result. You can start a new list without the continue parameter.");
    }
    return found->second;
}

/// Why a list of that version cannot be had.
std::optional<ApiReply> refused_version(const ApiState& state, const HttpRequest& request) {
    const std::string_view text = request.parameter("resourceVersion");
    const std::optional<uint64_t> asked = text.empty() ? 0 : number(text);
    if (!asked) {
        return refusal(400, "invalid resource version");
    }
    if (*asked > state.store.version()) {
        return too_large(*asked, state.store.version());
    }
    if (request.parameter("resourceVersionMatch") == "Exact" && *asked < state.store.version()) {
        return refusal(410, "The resourceVersion for the provided list is too old.");
    }
    return std::nullopt;
}

}  // namespace

ApiReply refusal(unsigned code, std::string_view message) {
    return {code, status_body(code, usual_reason(code), message), {}, "application/json"};
}

std::string verb_of(const HttpRequest& request, const ApiPath& path) {
    if (request.method == "GET" || request.method == "HEAD") {
        if (request.flag("watch")) {
            return "watch";
        }
        return path.name.empty() ? "list" : "get";
    }
    if (request.method == "POST") {
        return "create";
    }
    return request.method == "PUT" ? "update" : request.method == "PATCH" ? "patch" : "delete";
}

std::string ApiPage::opening() const {
    std::string text = R"({"kind":")" + std::string(resource->kind) + R"(List","apiVersion":")" +
                       resource->api_version() + R"(","metadata":{"resourceVersion":")" +
                       std::to_string(version) + '"';
    if (!next.empty()) {
        text += R"(,"continue":)" + json_quoted(next);
        text += R"(,"remainingItemCount":)" + std::to_string(remaining);
    }
    return text + R"(},"items":[)";
}

ApiReply read_object(ApiState& state, const ApiPath& path) {
    StoredPtr object;
    {
        const std::scoped_lock lock(state.mutex);
        object = state.store.find(*path.resource, path.ns, path.name);
    }
    if (!object) {
        return refusal(404,
                       std::string(path.resource->plural) + " \"" + path.name + "\" not found");
    }
    ApiReply reply;
    object->append_document(reply.body);
    reply.body += '\n';
    return reply;
}

std::variant<ApiReply, ApiPage> read_page(ApiState& state, const ApiPath& path,
                                          const HttpRequest& request) {
    const std::optional<Selector> selector =
        Selector::parse(request.parameter("labelSelector"), request.parameter("fieldSelector"));
    if (!selector) {
        return refusal(400, "unable to parse the selectors");
    }
    const std::scoped_lock lock(state.mutex);
    ApiPages all;
    if (const std::string_view token = request.parameter("continue"); !token.empty()) {
        if (!request.parameter("resourceVersion").empty()) {
            return refusal(400, "specifying resource version is not allowed when using continue");
        }
        std::variant<ApiReply, ApiPages> rest = continued(state, token);
        if (std::holds_alternative<ApiReply>(rest)) {
            return std::get<ApiReply>(std::move(rest));
        }
        all = std::get<ApiPages>(std::move(rest));
    } else {
        if (std::optional<ApiReply> refused = refused_version(state, request)) {
            return std::move(*refused);
        }
        all = {state.store.version(), state.store.list(*path.resource, path.ns, *selector)};
    }
    ApiPage page{path.resource, all.version, std::move(all.items), {}, 0};
    // Lists at version 0 come from a cache that does not page.
    const std::size_t limit = number(request.parameter("limit")).value_or(0);
    if (limit != 0 && limit < page.items.size() && request.parameter("resourceVersion") != "0") {
        const auto cut = page.items.begin() + static_cast<std::ptrdiff_t>(limit);
        page.remaining = page.items.size() - limit;
        page.next = std::string(kTokenPrefix) + std::to_string(state.next_pages);
        state.pages[state.next_pages++] = {page.version, {cut, page.items.end()}};
        page.items.erase(cut, page.items.end());
        if (state.pages.size() > kOpenLists) {
            state.pages.erase(state.pages.begin());
        }
    }
    return page;
}

}  // namespace sy::lab
