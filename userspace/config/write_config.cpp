#include "config/write_config.h"

#include <algorithm>

#include "config/schema.h"
#include "source/yaml_scalar.h"

namespace sy {
namespace {

/// Without the quotes if everybody reads it as the same text without them.
std::string yaml_scalar(std::string json) {
    if (json.size() < 3 || json.front() != '"') {
        return json;
    }
    const auto text = std::string_view(json).substr(1, json.size() - 2);
    const bool plain = std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '/' || c == '_' || c == '-';
    });
    if (!plain || text.front() == '-' || plain_scalar_to_json(text) != json) {
        return json;
    }
    return json.substr(1, json.size() - 2);
}

class YamlPrinter {
  public:
    template <class T, class Kind>
    void field(std::string_view name, const T& value, Kind kind) {
        if (auto json = json_of(value, kind); !json.empty()) {
            line(name, " " + yaml_scalar(std::move(json)));
        }
    }
    template <class Body>
    void section(std::string_view name, Body body) {
        const auto before = text.size();
        line(name, "");
        const auto heading = text.size();
        indent_ += 2;
        body();
        indent_ -= 2;
        if (text.size() == heading) {
            text.resize(before);
        }
    }

    std::string text;

  private:
    void line(std::string_view name, const std::string& value) {
        text.append(indent_, ' ').append(name).append(":").append(value).append("\n");
    }

    std::size_t indent_ = 0;
};

class JsonPrinter {
  public:
    template <class T, class Kind>
    void field(std::string_view name, const T& value, Kind kind) {
        if (auto json = json_of(value, kind); !json.empty()) {
            key(name);
            text += json;
        }
    }
    template <class Body>
    void section(std::string_view name, Body body) {
        key(name);
        text += "{";
        body();
        text += "}";
    }

    std::string text;

  private:
    void key(std::string_view name) {
        text += text.empty() || text.back() == '{' ? "" : ", ";
        text += json_string(name) + ": ";
    }
};

class Flattener {
  public:
    template <class T, class Kind>
    void field(std::string_view name, const T& value, Kind kind) {
        fields.push_back({prefix_ + std::string(name), json_of(value, kind)});
    }
    template <class Body>
    void section(std::string_view name, Body body) {
        const auto size = prefix_.size();
        prefix_.append(name).append(".");
        body();
        prefix_.resize(size);
    }

    std::vector<FieldText> fields;

  private:
    std::string prefix_;
};

}  // namespace

std::string to_yaml(const ProxyConfig& config) {
    YamlPrinter printer;
    printer.text =
        "apiVersion: " + std::string(kConfigVersion) + "\nkind: " + std::string(kConfigKind) + "\n";
    visit_fields(config, printer);
    return std::move(printer.text);
}

std::string to_json(const ProxyConfig& config) {
    JsonPrinter printer;
    visit_fields(config, printer);
    return R"({"kind": )" + json_string(kConfigKind) + R"(, "apiVersion": )" +
           json_string(kConfigVersion) + ", " + printer.text + "}";
}

std::vector<FieldText> field_texts(const ProxyConfig& config) {
    Flattener flattener;
    visit_fields(config, flattener);
    return std::move(flattener.fields);
}

}  // namespace sy
