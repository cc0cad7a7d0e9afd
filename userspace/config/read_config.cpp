#include "config/read_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "config/json_value.h"
#include "config/schema.h"
#include "config/spelling.h"
#include "config/write_config.h"
#include "source/yaml.h"

namespace sy {
namespace {

constexpr std::size_t kMaxMessages = 20;
/// What is given in a document beside the fields.
constexpr std::string_view kKind = "kind";
constexpr std::string_view kVersion = "apiVersion";

using simdjson::dom::element;
using simdjson::dom::object;

/// Walks the fields of one document. Nothing it meets ends the walk, so that all faults are told.
class Reader {
  public:
    Reader(const YamlDocument& document, std::string_view name, ConfigFile& out)
        : document_(document), name_(name), out_(out) {}

    void read(const object& root) {
        scopes_.push_back({root, {}});
        expect(kVersion, kConfigVersion);
        expect(kKind, kConfigKind);
        if (errors_.empty()) {
            visit_fields(out_.config, *this);
            check_unknown();
        }
        finish();
    }

    template <class T, class Kind>
    void field(std::string_view name, T& value, Kind kind) {
        const auto given = take(name);
        if (!given) {
            return;
        }
        Findings findings;
        const Field field(findings, *given);
        path_.emplace_back(std::string(name));
        out_.lines.emplace(to_string(path_), line_of(path_));
        read_value(field, name, value, kind);
        tell(findings);
        path_.pop_back();
    }

    template <class Body>
    void section(std::string_view name, Body body) {
        const auto given = take(name);
        if (!given) {
            return;
        }
        path_.emplace_back(std::string(name));
        Findings findings;
        const Field field(findings, *given);
        field.each_member([](std::string_view, const Field&) {});  // a fault unless it is an object
        tell(findings);
        object members;
        if (given->get(members) == simdjson::SUCCESS) {
            scopes_.push_back({members, {}});
            body();
            check_unknown();
            scopes_.pop_back();
        }
        path_.pop_back();
    }

  private:
    struct Message {
        std::size_t line;
        std::string text;
    };
    struct Scope {
        object members;
        std::vector<std::string_view> known;
    };

    /// The member of the innermost section; nothing if it is absent or null.
    std::optional<element> take(std::string_view name) {
        scopes_.back().known.push_back(name);
        element value;
        if (scopes_.back().members.at_key(name).get(value) != simdjson::SUCCESS ||
            value.is_null()) {
            return std::nullopt;
        }
        return value;
    }

    void expect(std::string_view name, std::string_view wanted) {
        const auto given = take(name);
        std::string_view text;
        if (!given) {
            error({}, fmt::format("{} is missing; give \"{}: {}\"", name, name, wanted));
        } else if (given->get(text) != simdjson::SUCCESS || text != wanted) {
            error({std::string(name)}, fmt::format("this must be {}", wanted));
        }
    }

    void check_unknown() {
        const Scope& scope = scopes_.back();
        for (const auto& [key, value] : scope.members) {
            if (std::ranges::find(scope.known, key) != scope.known.end()) {
                continue;
            }
            if (++unknown_ > kMaxMessages) {
                continue;
            }
            JsonPath path = path_;
            path.emplace_back(std::string(key));
            const auto guess = nearest(key, scope.known);
            warn(line_of(path),
                 fmt::format("{}: there is no such field, it is ignored{}", to_string(path),
                             guess.empty() ? "" : fmt::format("; did you mean {}?", guess)));
        }
    }

    void finish() {
        for (const YamlDuplicate& again : document_.duplicates) {
            warn(again.line,
                 fmt::format("{}: is given more than once, this one counts", again.path));
        }
        publish(warnings_, out_.warnings);
        publish(errors_, out_.errors);
        const auto left_out = [](std::size_t all) { return all - std::min(all, kMaxMessages); };
        if (const auto more = left_out(unknown_); more > 0) {
            out_.warnings.push_back(
                fmt::format("{}: {} more fields that do not exist", name_, more));
        }
        if (const auto more = left_out(faults_); more > 0) {
            out_.errors.push_back(fmt::format("{}: {} more errors", name_, more));
        }
    }

    /// In the order of the lines.
    static void publish(std::vector<Message>& messages, std::vector<std::string>& out) {
        std::ranges::stable_sort(messages, {}, &Message::line);
        for (Message& message : messages) {
            out.push_back(std::move(message.text));
        }
    }

    void tell(const Findings& findings) {
        if (findings.fault) {
            JsonPath path = path_;
            path.insert(path.end(), findings.fault->path.begin(), findings.fault->path.end());
            error(path, findings.fault->reason);
        }
    }

    void error(const JsonPath& path, std::string_view reason) {
        if (++faults_ > kMaxMessages) {
            return;
        }
        const auto field = path.empty() ? "" : to_string(path) + ": ";
        add(errors_, line_of(path), field + std::string(reason));
    }

    void warn(std::size_t line, std::string_view text) { add(warnings_, line, text); }

    void add(std::vector<Message>& messages, std::size_t line, std::string_view text) const {
        messages.push_back({line, printable(fmt::format("{}:{}: {}", name_, line, text))});
    }

    /// Of the field's name, not of its value: that may begin on the line below.
    std::size_t line_of(const JsonPath& path) const {
        const std::string_view json = document_.json;
        auto offset = json_offset(json, path);
        const auto before = json.find_last_not_of(" \t\r\n", offset == 0 ? 0 : offset - 1);
        if (before != std::string_view::npos && json[before] == ':') {
            offset = before;
        }
        return document_.first_line + line_at(json, offset) - 1;
    }

    const YamlDocument& document_;
    std::string_view name_;
    ConfigFile& out_;
    std::vector<Scope> scopes_;
    JsonPath path_;
    std::vector<Message> errors_;
    std::vector<Message> warnings_;
    std::size_t unknown_ = 0;
    std::size_t faults_ = 0;
};

void read_document(const YamlDocument& document, std::string_view name, ConfigFile& out) {
    const auto at = [&](std::string_view what) {
        return fmt::format("{}:{}: {}", name, document.first_line, what);
    };
    simdjson::dom::parser parser;
    element root;
    object members;
    if (const auto error = parser.parse(document.json).get(root)) {
        out.errors.push_back(at(simdjson::error_message(error)));
    } else if (root.get(members) != simdjson::SUCCESS) {
        out.errors.push_back(at(fmt::format("this is no {}", kConfigKind)));
    } else {
        Reader(document, name, out).read(members);
    }
}

}  // namespace

ConfigFile read_config(std::string_view text, std::string_view name) {
    ConfigFile out;
    std::optional<YamlDocument> only;
    std::size_t documents = 0;
    yaml_to_json(
        text,
        [&](YamlDocument document) {
            if (!document.error.empty()) {
                out.errors.push_back(
                    printable(fmt::format("{}:{}: {}", name, document.error_line, document.error)));
            } else if (++documents == 1) {
                only = std::move(document);
            } else if (documents == 2) {
                out.errors.push_back(
                    fmt::format("{}:{}: a second document begins here; give one {} only", name,
                                document.first_line, kConfigKind));
            }
        },
        DuplicateKeys::last_counts);
    if (out.errors.empty() && !only) {
        out.errors.push_back(fmt::format("{}: is empty where a {} belongs", name, kConfigKind));
    }
    if (out.errors.empty()) {
        read_document(*only, name, out);
    }
    return out;
}

}  // namespace sy
