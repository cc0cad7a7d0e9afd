#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "config/duration.h"
#include "source/yaml_scalar.h"

namespace sy {
namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels{
    {{"debug", LogLevel::debug},
     {"info", LogLevel::info},
     {"warning", LogLevel::warning},
     {"error", LogLevel::error}}};
constexpr std::array<std::pair<std::string_view, IptablesVariant>, 3> kVariants{
    {{"detect", IptablesVariant::detect},
     {"legacy", IptablesVariant::legacy},
     {"nft", IptablesVariant::nft}}};
constexpr std::array kDetectModes{DetectLocalMode::cluster_cidr, DetectLocalMode::node_cidr,
                                  DetectLocalMode::bridge_interface,
                                  DetectLocalMode::interface_name_prefix};
// Go's strconv.ParseBool, which reads kube-proxy's flags.
constexpr std::array<std::string_view, 6> kTrue{"1", "t", "T", "true", "TRUE", "True"};
constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "false", "FALSE", "False"};

bool is_one_of(std::string_view text, const std::array<std::string_view, 6>& words) {
    return std::ranges::find(words, text) != words.end();
}

template <class Number>
bool parse_number(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

template <class List, class ItemText>
std::string json_list(const List& list, ItemText item_text) {
    std::string json;
    for (const auto& item : list) {
        json += json.empty() ? "" : ", ";
        json += item_text(item);
    }
    return "[" + json + "]";
}

std::string cidr_text(const Cidr& cidr) {
    return json_string(cidr.to_string());
}

/// "host:port" or "[host]:port"; nothing if there is no port.
std::optional<std::pair<std::string_view, std::string_view>> split_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    return std::pair{host, text.substr(colon + 1)};
}

}  // namespace

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string_view> split_list(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (const auto part = trim(text.substr(0, comma)); !part.empty()) {
            parts.push_back(part);
        }
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

bool is_log_format(std::string_view text) {
    return text == "text" || text == "json";
}

Fault parse_text(std::string_view text, bool& out, Plain /*kind*/) {
    out = is_one_of(text, kTrue);
    if (!out && !is_one_of(text, kFalse)) {
        return fmt::format("\"{}\" is neither true nor false", text);
    }
    return {};
}

Fault parse_text(std::string_view text, double& out, Plain /*kind*/) {
    if (!parse_number(text, out) || !std::isfinite(out)) {
        return fmt::format("\"{}\" is not a number", text);
    }
    return {};
}

Fault parse_text(std::string_view text, int64_t& out, Whole kind) {
    if (!parse_number(text, out) || out < kind.min || out > kind.max) {
        return fmt::format("\"{}\" is not a number from {} to {}", text, kind.min, kind.max);
    }
    return {};
}

Fault parse_text(std::string_view text, std::string& out, Plain /*kind*/) {
    out = text;
    return {};
}

Fault parse_text(std::string_view text, std::string& out, Quantity /*kind*/) {
    out = text;
    return {};
}

Fault parse_text(std::string_view text, Nanoseconds& out, Plain /*kind*/) {
    const auto trimmed = trim(text);
    if (const auto duration = parse_duration(trimmed)) {
        out = *duration;
        return {};
    }
    if (trimmed.starts_with('-') && parse_duration(trimmed.substr(1))) {
        return fmt::format("{} is negative; give a duration such as 30s", trimmed);
    }
    return fmt::format("\"{}\" is not a duration; give one such as 500ms, 30s or 1m30s", text);
}

Fault parse_text(std::string_view text, Nanoseconds& out, FlushTime /*kind*/) {
    return parse_text(text, out, Plain{});
}

Fault parse_text(std::string_view text, IpAddr& out, Plain /*kind*/) {
    const auto ip = IpAddr::parse(trim(text));
    out = ip.value_or(IpAddr{});
    if (!ip) {
        return fmt::format(
            "\"{}\" is not an IP address; give the node's own address, such as 192.0.2.10 or "
            "2001:db8::10",
            text);
    }
    return {};
}

Fault parse_text(std::string_view text, SocketAddress& out, Listen kind) {
    const auto trimmed = trim(text);
    const auto split = split_port(trimmed);
    out.port = kind.port;
    const auto ip = IpAddr::parse(split ? split->first : trimmed);
    uint16_t port = kind.port.number();
    if (!ip || (split && !parse_number(split->second, port))) {
        return fmt::format(
            "\"{}\" is not an address to listen on; give one such as 0.0.0.0:{} or [::]:{}", text,
            kind.port.number(), kind.port.number());
    }
    out = {*ip, Port{port}};
    return {};
}

Fault parse_text(std::string_view text, DetectLocalMode& out, Plain /*kind*/) {
    const auto* mode = std::ranges::find_if(
        kDetectModes, [text](DetectLocalMode m) { return to_string(m) == text; });
    if (mode == kDetectModes.end()) {
        return fmt::format(
            "there is no mode \"{}\"; give one of: ClusterCIDR, NodeCIDR, BridgeInterface, "
            "InterfaceNamePrefix",
            text);
    }
    out = *mode;
    return {};
}

Fault parse_text(std::string_view text, LogLevel& out, Plain /*kind*/) {
    const auto* level =
        std::ranges::find(kLevels, text, &std::pair<std::string_view, LogLevel>::first);
    if (level == kLevels.end()) {
        return fmt::format("there is no level \"{}\"; give one of: debug, info, warning, error",
                           text);
    }
    out = level->second;
    return {};
}

Fault parse_text(std::string_view text, IptablesVariant& out, Plain /*kind*/) {
    const auto* variant =
        std::ranges::find(kVariants, text, &std::pair<std::string_view, IptablesVariant>::first);
    if (variant == kVariants.end()) {
        return fmt::format("there is no variant \"{}\"; give one of: detect, legacy, nft", text);
    }
    out = variant->second;
    return {};
}

Fault parse_text(std::string_view text, std::vector<Cidr>& out, CommaList /*kind*/) {
    constexpr std::string_view kMend =
        "give one CIDR or an IPv4,IPv6 pair such as 10.244.0.0/16,fd00:10:244::/56";
    out.clear();
    for (const std::string_view entry : split_list(text)) {
        const auto cidr = Cidr::parse(entry);
        if (!cidr) {
            return fmt::format("\"{}\" is not a network; {}", entry, kMend);
        }
        out.push_back(*cidr);
    }
    if (out.size() > 2 || (out.size() == 2 && out[0].family() == out[1].family())) {
        return fmt::format("\"{}\" is more than one network of a family; {}", text, kMend);
    }
    return {};
}

Fault add_item(std::string_view text, std::vector<Cidr>& out) {
    const auto cidr = Cidr::parse(trim(text));
    if (!cidr) {
        return fmt::format("\"{}\" is not a network; give networks such as 192.0.2.0/24", text);
    }
    out.push_back(*cidr);
    return {};
}

Fault add_item(std::string_view text, std::optional<NodePortSelection>& out) {
    const auto entry = trim(text);
    const bool first = !out;
    if (first) {
        out = NodePortSelection{.primary = false, .cidrs = {}};
    }
    if (!first && (out->primary || entry == "primary")) {
        return "\"primary\" cannot be mixed with networks; give either it alone or networks";
    }
    if (entry == "primary") {
        out->primary = true;
        return {};
    }
    const auto cidr = Cidr::parse(entry);
    if (!cidr) {
        return fmt::format(
            "\"{}\" is not a network; give \"primary\" or networks such as "
            "192.0.2.0/24,2001:db8::/64",
            entry);
    }
    out->cidrs.push_back(*cidr);
    return {};
}

Fault add_item(std::string_view text, std::vector<std::string>& out) {
    out.emplace_back(text);
    return {};
}

Fault add_item(std::string_view text, std::map<std::string, bool>& out) {
    const auto equals = text.find('=');
    bool value = false;
    if (equals == std::string_view::npos || parse_text(text.substr(equals + 1), value, Plain{})) {
        return fmt::format("\"{}\" is no feature gate; give Name=true or Name=false", text);
    }
    out[std::string(text.substr(0, equals))] = value;
    return {};
}

Fault add_item(std::string_view text, std::vector<VModuleItem>& out) {
    const auto equals = text.find('=');
    int64_t value = 0;
    if (equals == std::string_view::npos || !parse_number(text.substr(equals + 1), value)) {
        return fmt::format("\"{}\" is no pattern with a verbosity; give for example agent=4", text);
    }
    out.push_back({std::string(text.substr(0, equals)), value});
    return {};
}

std::string json_of(bool value, Plain /*kind*/) {
    return value ? "true" : "false";
}
std::string json_of(double value, Plain /*kind*/) {
    return fmt::format("{}", value);
}
std::string json_of(int64_t value, Whole /*kind*/) {
    return fmt::format("{}", value);
}
std::string json_of(const std::string& value, Plain /*kind*/) {
    return json_string(value);
}
std::string json_of(const std::string& value, Quantity /*kind*/) {
    return json_string(value);
}
std::string json_of(Nanoseconds value, Plain /*kind*/) {
    return json_string(duration_text(value));
}
std::string json_of(Nanoseconds value, FlushTime /*kind*/) {
    return json_string(duration_text(value));
}
std::string json_of(const IpAddr& value, Plain /*kind*/) {
    return json_string(value.to_string());
}
std::string json_of(const SocketAddress& value, Listen /*kind*/) {
    return json_string(value.to_string());
}
std::string json_of(DetectLocalMode value, Plain /*kind*/) {
    return json_string(to_string(value));
}
std::string json_of(IptablesVariant value, Plain /*kind*/) {
    const auto* variant =
        std::ranges::find(kVariants, value, &std::pair<std::string_view, IptablesVariant>::second);
    return json_string(variant->first);
}
std::string json_of(LogLevel value, Plain /*kind*/) {
    const auto* level =
        std::ranges::find(kLevels, value, &std::pair<std::string_view, LogLevel>::second);
    return json_string(level->first);
}
std::string json_of(const std::vector<Cidr>& value, CommaList /*kind*/) {
    std::string text;
    for (const Cidr& cidr : value) {
        text += (text.empty() ? "" : ",") + cidr.to_string();
    }
    return json_string(text);
}
std::string json_of(const std::vector<Cidr>& value, Plain /*kind*/) {
    return json_list(value, cidr_text);
}
std::string json_of(const NodePortSelection& value, Plain /*kind*/) {
    return value.primary ? R"(["primary"])" : json_list(value.cidrs, cidr_text);
}
std::string json_of(const std::vector<std::string>& value, Paths /*kind*/) {
    return json_list(value, [](const std::string& text) { return json_string(text); });
}
std::string json_of(const std::map<std::string, bool>& value, Plain kind) {
    std::string json;
    for (const auto& [name, on] : value) {
        json += (json.empty() ? "" : ", ") + json_string(name) + ": " + json_of(on, kind);
    }
    return "{" + json + "}";
}
std::string json_of(const std::vector<VModuleItem>& value, Plain /*kind*/) {
    return json_list(value, [](const VModuleItem& item) {
        return fmt::format(R"({{"filePattern": {}, "verbosity": {}}})",
                           json_string(item.file_pattern), item.verbosity);
    });
}

}  // namespace sy
