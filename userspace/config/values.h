// Values of configuration fields as text: what flags and the strings of a file say, and back.
// Internal to the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/proxy_config.h"

namespace sy {

/// What a field may hold beyond what its type says.
struct Plain {};
/// A whole number in a range.
struct Whole {
    int64_t min;
    int64_t max;
};
/// An address to listen on; the port is what an address without one gets.
struct Listen {
    Port port;
};
/// A list that is one text, its items separated by commas.
struct CommaList {};
/// A list whose items may hold commas.
struct Paths {};
/// A duration that may also be a number of nanoseconds.
struct FlushTime {};
/// Text that may also be a number.
struct Quantity {};

/// Why a text is no value, as the end of a sentence that begins with where it stands.
using Fault = std::optional<std::string>;

Fault parse_text(std::string_view text, bool& out, Plain kind);
Fault parse_text(std::string_view text, double& out, Plain kind);
Fault parse_text(std::string_view text, int64_t& out, Whole kind);
Fault parse_text(std::string_view text, std::string& out, Plain kind);
Fault parse_text(std::string_view text, std::string& out, Quantity kind);
Fault parse_text(std::string_view text, Nanoseconds& out, Plain kind);
Fault parse_text(std::string_view text, Nanoseconds& out, FlushTime kind);
Fault parse_text(std::string_view text, IpAddr& out, Plain kind);
Fault parse_text(std::string_view text, SocketAddress& out, Listen kind);
Fault parse_text(std::string_view text, DetectLocalMode& out, Plain kind);
Fault parse_text(std::string_view text, LogLevel& out, Plain kind);
Fault parse_text(std::string_view text, IptablesVariant& out, Plain kind);
Fault parse_text(std::string_view text, std::vector<Cidr>& out, CommaList kind);

/// "" is "nothing", as everywhere in kube-proxy's configuration.
template <class T, class Kind>
Fault parse_text(std::string_view text, std::optional<T>& out, Kind kind) {
    out.reset();
    return text.empty() ? Fault{} : parse_text(text, out.emplace(), kind);
}

/// Adds one item to a list.
Fault add_item(std::string_view text, std::vector<Cidr>& out);
Fault add_item(std::string_view text, std::optional<NodePortSelection>& out);
Fault add_item(std::string_view text, std::vector<std::string>& out);
/// "Gate=true"
Fault add_item(std::string_view text, std::map<std::string, bool>& out);
/// "pattern=2"
Fault add_item(std::string_view text, std::vector<VModuleItem>& out);

/// The JSON of a value; empty: the value says nothing.
std::string json_of(bool value, Plain kind);
std::string json_of(double value, Plain kind);
std::string json_of(int64_t value, Whole kind);
std::string json_of(const std::string& value, Plain kind);
std::string json_of(const std::string& value, Quantity kind);
std::string json_of(Nanoseconds value, Plain kind);
std::string json_of(Nanoseconds value, FlushTime kind);
std::string json_of(const IpAddr& value, Plain kind);
std::string json_of(const SocketAddress& value, Listen kind);
std::string json_of(DetectLocalMode value, Plain kind);
std::string json_of(LogLevel value, Plain kind);
std::string json_of(IptablesVariant value, Plain kind);
std::string json_of(const std::vector<Cidr>& value, CommaList kind);
std::string json_of(const std::vector<Cidr>& value, Plain kind);
std::string json_of(const NodePortSelection& value, Plain kind);
std::string json_of(const std::vector<std::string>& value, Paths kind);
std::string json_of(const std::map<std::string, bool>& value, Plain kind);
std::string json_of(const std::vector<VModuleItem>& value, Plain kind);

template <class T, class Kind>
std::string json_of(const std::optional<T>& value, Kind kind) {
    return value ? json_of(*value, kind) : std::string();
}

/// The items of a list separated by commas, without white space around them and without empty ones.
std::vector<std::string_view> split_list(std::string_view text);
/// `text` without white space at its ends.
std::string_view trim(std::string_view text);
/// "text" or "json".
bool is_log_format(std::string_view text);

}  // namespace sy
