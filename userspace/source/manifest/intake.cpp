#include "source/manifest/intake.h"

#include <utility>

#include "source/yaml.h"

namespace sy {
namespace {

// Finding a line means walking the text once more, so this is done for so many notes only.
constexpr std::size_t kMaxLocated = 32;

class Intake {
  public:
    Intake(Decoder& decoder, const std::function<void(ManifestItem)>& sink)
        : decoder_(decoder), sink_(sink) {}

    void yaml(std::string_view text) {
        yaml_to_json(text, [&](const YamlDocument& document) {
            if (!document.error.empty()) {
                fault(document.error_line, document.error);
            } else if (!json_value(document.json, document.first_line)) {
                fault(document.first_line, "not a valid document: is the text UTF-8?");
            }
        });
    }

    void json(std::string_view text) {
        if (text.find_first_not_of(" \t\r\n") == std::string_view::npos || json_value(text, 1)) {
            return;
        }
        // Several values, or a broken one: the slow walk tells.
        std::size_t line = 1;
        for (std::size_t start = 0; text.find_first_not_of(" \t\r\n", start) != text.npos;) {
            const auto rest = text.substr(start);
            const auto size = json_value_end(rest);
            if (!size) {
                const auto reason = json_fault(rest).value_or(JsonFault{0, "not valid JSON"});
                fault(line - 1 + line_at(rest, reason.offset), std::string(reason.reason));
                return;
            }
            const auto value = rest.substr(0, *size);
            if (!json_value(value, line)) {
                fault(line, "not valid JSON: is the text UTF-8?");
            }
            line += line_at(value, value.size()) - 1;
            start += *size;
        }
    }

  private:
    // False if `json` is not one JSON value.
    bool json_value(std::string_view json, std::size_t first_line) {
        return decoder_
            .decode_all(
                json, [&](DecodeOutcome outcome) { pass_on(std::move(outcome), json, first_line); })
            .has_value();
    }

    void pass_on(DecodeOutcome outcome, std::string_view json, std::size_t first_line) {
        if (auto* decoded = std::get_if<Decoded>(&outcome)) {
            ManifestObject object{std::move(decoded->object), {}};
            for (const auto& warning : decoded->warnings) {
                object.warnings.push_back(note(warning, json, first_line));
            }
            sink_(std::move(object));
        } else if (auto* bad = std::get_if<Malformed>(&outcome)) {
            sink_(ManifestFault{note(bad->fault, json, first_line), std::move(bad->key)});
        } else {
            auto& other = std::get<Unread>(outcome);
            sink_(ManifestOther{std::move(other.kind), std::move(other.api_version)});
        }
    }

    ManifestNote note(const Finding& finding, std::string_view json, std::size_t first_line) {
        if (located_ == kMaxLocated) {
            return {0, finding.text()};
        }
        ++located_;
        const auto line = first_line - 1 + line_at(json, json_offset(json, finding.path));
        return {line, finding.text()};
    }

    void fault(std::size_t line, std::string reason) {
        sink_(ManifestFault{{line, std::move(reason)}, std::nullopt});
    }

    Decoder& decoder_;
    const std::function<void(ManifestItem)>& sink_;
    std::size_t located_ = 0;
};

}  // namespace

void read_manifest(std::string_view text, ManifestFormat format, Decoder& decoder,
                   const std::function<void(ManifestItem)>& sink) {
    Intake intake(decoder, sink);
    if (format == ManifestFormat::json) {
        intake.json(text);
    } else {
        intake.yaml(text);
    }
}

}  // namespace sy
