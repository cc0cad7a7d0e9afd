#include "config/json_value.h"

#include <limits>

namespace sy {

void read_value(const Field& field, std::string_view /*name*/, bool& out, Plain /*kind*/) {
    out = field.boolean().value_or(out);
}

void read_value(const Field& field, std::string_view /*name*/, double& out, Plain /*kind*/) {
    out = field.real().value_or(out);
}

void read_value(const Field& field, std::string_view name, int64_t& out, Whole kind) {
    out = field.number(kind.min, kind.max, name).value_or(out);
}

void read_value(const Field& field, std::string_view /*name*/, std::string& out, Plain /*kind*/) {
    out = field.text();
}

void read_value(const Field& field, std::string_view name, std::string& out, Quantity /*kind*/) {
    if (field.is_text()) {
        out = field.text();
    } else if (const auto number = field.number(0, std::numeric_limits<int64_t>::max(), name)) {
        out = std::to_string(*number);
    }
}

void read_value(const Field& field, std::string_view /*name*/, Nanoseconds& out, Plain kind) {
    if (!field.is_text()) {
        field.fail(field.found() + "; give a duration such as 500ms, 30s or 1m30s");
    } else if (auto fault = parse_text(field.text(), out, kind)) {
        field.fail(*std::move(fault));
    }
}

void read_value(const Field& field, std::string_view name, Nanoseconds& out, FlushTime /*kind*/) {
    if (field.is_text()) {
        read_value(field, name, out, Plain{});
    } else if (const auto number = field.number(0, std::numeric_limits<int64_t>::max(), name)) {
        out = Nanoseconds(*number);
    }
}

void read_value(const Field& field, std::string_view /*name*/, std::map<std::string, bool>& out,
                Plain /*kind*/) {
    field.each_member([&out](std::string_view gate, const Field& value) {
        if (const auto on = value.boolean()) {
            out[std::string(gate)] = *on;
        }
    });
}

void read_value(const Field& field, std::string_view /*name*/, std::vector<VModuleItem>& out,
                Plain /*kind*/) {
    field.each([&out](const Field& item) {
        const auto pattern = item.member("filePattern");
        const auto verbosity = item.member("verbosity");
        constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
        out.push_back(
            {std::string(pattern.text()), verbosity.number(0, kMost, "verbosity").value_or(0)});
    });
}

}  // namespace sy
