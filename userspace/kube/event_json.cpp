#include "kube/event_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "source/yaml_scalar.h"

namespace sy {
namespace {

// Limits of the API's validation.
constexpr std::size_t kMaxNote = 1024;
constexpr std::size_t kMaxWord = 128;
constexpr std::size_t kMaxName = 253;

// Room for "…" and for what is added.
constexpr std::size_t kNoteText = kMaxNote - 64;

std::string_view namespace_of(const ClusterEvent& event) {
    // Where the events of objects without one belong.
    return event.ns.empty() ? "default" : std::string_view(event.ns);
}

std::string escaped(std::string_view segment) {
    std::string text;
    for (const char c : segment) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
    return text;
}

// RFC 3339 with microseconds, as MicroTime has it.
std::string time_text(std::chrono::system_clock::time_point time) {
    using std::chrono::microseconds;
    const auto since = std::chrono::floor<microseconds>(time.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                       fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                       (since - seconds).count());
}

std::string member(std::string_view key, std::string_view text) {
    return json_string(key) + ':' + json_string(text);
}

}  // namespace

std::string event_target(const ClusterEvent& event) {
    return "/apis/events.k8s.io/v1/namespaces/" + escaped(namespace_of(event)) + "/events";
}

std::string event_body(const ClusterEvent& event, const EventContext& context) {
    const auto nanoseconds =
        std::chrono::duration_cast<std::chrono::nanoseconds>(context.time.time_since_epoch());
    const auto suffix = fmt::format(".{:x}", static_cast<uint64_t>(nanoseconds.count()));
    auto name = event.name.substr(0, kMaxName - suffix.size());
    name.erase(name.find_last_not_of("-.") + 1);
    const auto reason = printable(event.reason, kMaxWord - 3);
    auto note = printable(event.message, kNoteText);
    if (context.untold != 0) {
        note += fmt::format(" ({} times more since last told)", context.untold);
    }
    std::string regarding = member("apiVersion", "v1") + ',' + member("kind", event.kind) + ',' +
                            member("name", event.name);
    if (!event.ns.empty()) {
        regarding += ',' + member("namespace", event.ns);
    } else {
        // As kubelet and kube-proxy do it, and as `kubectl describe node` looks for it.
        regarding += ',' + member("uid", event.name);
    }
    return fmt::format(
        "{{{},{},\"metadata\":{{{},{}}},{},{},{},{},{},{},{},\"regarding\":{{{}}}}}",
        member("apiVersion", "events.k8s.io/v1"), member("kind", "Event"),
        member("name", name + suffix), member("namespace", namespace_of(event)),
        member("eventTime", time_text(context.time)), member("reportingController", "switchyard"),
        member("reportingInstance", context.node.substr(0, kMaxWord)), member("reason", reason),
        // There is nothing to say besides; the API wants a word.
        member("action", reason),
        member("type", event.severity == EventSeverity::warning ? "Warning" : "Normal"),
        member("note", note), regarding);
}

}  // namespace sy
