// Configuration fields from JSON. Internal to the configuration; heavy (simdjson).
#pragma once

#include <type_traits>

#include "config/values.h"
#include "source/field.h"

namespace sy {

/// What is wrong goes to the field's findings. `name` is the field's own name.
void read_value(const Field& field, std::string_view name, bool& out, Plain kind);
void read_value(const Field& field, std::string_view name, double& out, Plain kind);
void read_value(const Field& field, std::string_view name, int64_t& out, Whole kind);
void read_value(const Field& field, std::string_view name, std::string& out, Plain kind);
void read_value(const Field& field, std::string_view name, std::string& out, Quantity kind);
void read_value(const Field& field, std::string_view name, Nanoseconds& out, Plain kind);
void read_value(const Field& field, std::string_view name, Nanoseconds& out, FlushTime kind);
void read_value(const Field& field, std::string_view name, std::map<std::string, bool>& out,
                Plain kind);
void read_value(const Field& field, std::string_view name, std::vector<VModuleItem>& out,
                Plain kind);

/// The types of which a file holds the text that a flag holds too.
template <class T, class Kind>
    requires(std::is_same_v<T, IpAddr> || std::is_same_v<T, SocketAddress> ||
             std::is_same_v<T, DetectLocalMode> || std::is_same_v<T, LogLevel> ||
             std::is_same_v<T, IptablesVariant> || std::is_same_v<Kind, CommaList>)
void read_text(const Field& field, T& out, Kind kind) {
    if (const auto text = field.text(); !text.empty()) {
        if (auto fault = parse_text(text, out, kind)) {
            field.fail(*std::move(fault));
        }
    }
}

template <class List>
void read_items(const Field& field, List& out) {
    field.each([&out](const Field& entry) {
        if (auto fault = add_item(entry.text(), out)) {
            entry.fail(*std::move(fault));
        }
    });
}

inline void read_value(const Field& field, std::string_view /*name*/, std::vector<Cidr>& out,
                       CommaList kind) {
    read_text(field, out, kind);
}
inline void read_value(const Field& field, std::string_view /*name*/, std::vector<Cidr>& out,
                       Plain /*kind*/) {
    read_items(field, out);
}
inline void read_value(const Field& field, std::string_view /*name*/, std::vector<std::string>& out,
                       Paths /*kind*/) {
    read_items(field, out);
}
inline void read_value(const Field& field, std::string_view /*name*/,
                       std::optional<NodePortSelection>& out, Plain /*kind*/) {
    read_items(field, out);
}

template <class T, class Kind>
void read_value(const Field& field, std::string_view name, std::optional<T>& out, Kind kind) {
    if (field.is_text() && field.text().empty()) {
        return;
    }
    if constexpr (requires { read_text(field, *out, kind); }) {
        read_text(field, out.emplace(), kind);
    } else {
        read_value(field, name, out.emplace(), kind);
    }
}

}  // namespace sy
