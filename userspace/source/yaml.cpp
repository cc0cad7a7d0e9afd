#include "source/yaml.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "source/json_path.h"
#include "source/yaml_scalar.h"
#include "source/yaml_tree.h"

namespace sy {
namespace {

constexpr std::size_t kMaxDepth = 512;
// What aliases and merge keys may add to a document. Far above any honest manifest, far below what
// hurts.
constexpr std::size_t kMaxExpansion = 1 << 20;
constexpr std::size_t kMaxDuplicatesTold = 16;

// Writes a tree as JSON, keeping each value on its line. Aliased nodes lie on earlier lines than
// the place they are used at; they go where the writer is.
class JsonWriter {
  public:
    JsonWriter(std::size_t budget, DuplicateKeys duplicates)
        : budget_(budget), last_counts_(duplicates == DuplicateKeys::last_counts) {}

    bool value(const YamlNode& node) {
        move_to(node.line);
        if (json_.size() > budget_) {
            return fail(node, "aliases make this document too large");
        }
        if (++depth_ > kMaxDepth) {
            return fail(node, "nested too deeply");
        }
        const bool done = node.type == YamlNode::Type::list  ? list(node)
                          : node.type == YamlNode::Type::map ? map(node)
                                                             : scalar(node);
        --depth_;
        return done;
    }

    std::string take() { return std::move(json_); }
    const YamlFault& fault() const { return fault_; }
    /// Lines 0-based, in the document.
    std::vector<YamlDuplicate> take_duplicates() { return std::move(duplicates_); }

  private:
    /// Keys and values; a null key: given again further down.
    using Members = std::vector<std::pair<const YamlNode*, const YamlNode*>>;
    /// Where each key is in the members.
    using Keys = std::unordered_map<std::string, std::size_t>;

    void move_to(std::size_t line) {
        for (; line_ < line; ++line_) {
            json_ += '\n';
        }
    }
    bool fail(const YamlNode& node, std::string reason) {
        if (fault_.reason.empty()) {
            fault_ = {std::move(reason), std::max(line_, node.line)};
        }
        return false;
    }
    bool scalar(const YamlNode& node) {
        const auto json = node.type == YamlNode::Type::text ? json_string(node.scalar)
                                                            : plain_scalar_to_json(node.scalar);
        if (!json) {
            return fail(node, node.scalar + " cannot be used here: not a number JSON knows");
        }
        json_ += *json;
        return true;
    }
    bool list(const YamlNode& node) {
        json_ += '[';
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            json_ += i == 0 ? "" : ",";
            if (!value(*node.children[i])) {
                return false;
            }
        }
        json_ += ']';
        return true;
    }
    bool map(const YamlNode& node) {
        Members members;
        Keys keys;
        if (!collect(node, members, keys, 0)) {
            return false;
        }
        json_ += '{';
        bool first = true;
        for (const auto& [key, child] : members) {
            if (key == nullptr) {
                continue;
            }
            json_ += std::exchange(first, false) ? "" : ",";
            move_to(key->line);
            json_ += key_text(*key) + ':';
            path_.emplace_back(key->scalar);
            const bool done = value(*child);
            path_.pop_back();
            if (!done) {
                return false;
            }
        }
        json_ += '}';
        return true;
    }

    static bool is_merge(const YamlNode& key) {
        return key.type == YamlNode::Type::plain && key.scalar == "<<";
    }
    // Keys are text in JSON: "on: 1" has the key "true", as with kubectl.
    static std::string key_text(const YamlNode& key) {
        const auto json = key.type == YamlNode::Type::text ? json_string(key.scalar)
                                                           : plain_scalar_to_json(key.scalar);
        if (!json) {
            return json_string(key.scalar);
        }
        return json->starts_with('"') ? *json : '"' + *json + '"';
    }

    void note_duplicate(const YamlNode& key) {
        if (duplicates_.size() == kMaxDuplicatesTold) {
            return;
        }
        std::string path;
        for (const std::string_view step : path_) {
            path += cut(step, 64) + '.';
        }
        duplicates_.push_back({path + cut(key.scalar, 64), key.line});
    }

    // The members of a map: its own, then those of maps merged into it that it does not have.
    bool collect(const YamlNode& map, Members& members, Keys& keys, std::size_t depth) {
        if (depth > kMaxDepth) {
            return fail(map, "merged too deeply");
        }
        const auto& children = map.children;
        const bool merged_in = depth > 0;
        for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
            const auto& key = *children[i];
            if (key.type == YamlNode::Type::list || key.type == YamlNode::Type::map) {
                return fail(key, "a key must be a single word, not a list or map");
            }
            if (is_merge(key)) {
                continue;
            }
            const auto [known, is_new] = keys.emplace(key_text(key), members.size());
            if (is_new) {
                members.emplace_back(&key, children[i + 1]);
            } else if (!merged_in && last_counts_) {
                members[std::exchange(known->second, members.size())].first = nullptr;
                members.emplace_back(&key, children[i + 1]);
                note_duplicate(key);
            } else if (!merged_in) {
                return fail(key, "the key \"" + cut(key.scalar, 64) + "\" is given twice");
            }
        }
        for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
            if (is_merge(*children[i]) && !merge(*children[i + 1], members, keys, depth)) {
                return false;
            }
        }
        return true;
    }
    bool merge(const YamlNode& from, Members& members, Keys& keys, std::size_t depth) {
        merged_ += from.children.size() + 1;
        if (merged_ > kMaxExpansion) {
            return fail(from, "merge keys make this document too large");
        }
        if (from.type == YamlNode::Type::map) {
            return collect(from, members, keys, depth + 1);
        }
        if (from.type != YamlNode::Type::list) {
            return fail(from, "<< needs a map or a list of maps");
        }
        return std::ranges::all_of(from.children, [&](const YamlNode* map) {
            merged_ += map->children.size();
            return map->type == YamlNode::Type::map
                       ? collect(*map, members, keys, depth + 1)
                       : fail(*map, "<< needs a map or a list of maps");
        });
    }

    std::string json_;
    std::size_t budget_;
    std::size_t line_ = 0;
    std::size_t depth_ = 0;
    std::size_t merged_ = 0;
    bool last_counts_;
    std::vector<std::string_view> path_;
    std::vector<YamlDuplicate> duplicates_;
    YamlFault fault_;
};

// A line that consists of `marker`, or starts with it and white space.
bool is_marker(std::string_view line, std::string_view marker) {
    return line.starts_with(marker) &&
           (line.size() == marker.size() ||
            std::string_view(" \t\r").find(line[marker.size()]) != std::string_view::npos);
}

struct Chunk {
    std::size_t first_line = 1;
    std::string_view text;
};

// Cuts the stream at its document markers before the parser sees it: a broken document must not
// hide the next one. YAML reserves "---" and "..." at the start of a line for this everywhere,
// quoted and block scalars included.
std::vector<Chunk> split_stream(std::string_view stream) {
    std::vector<Chunk> chunks;
    std::size_t start = 0;
    std::size_t line_number = 1;
    std::size_t first_line = 1;
    bool only_directives = true;  // what stands before a document's own "---" belongs to it
    const auto finish = [&](std::size_t end, std::size_t next_start, std::size_t next_line) {
        chunks.push_back({first_line, stream.substr(start, end - start)});
        start = next_start;
        first_line = next_line;
        only_directives = true;
    };
    for (std::size_t pos = 0; pos < stream.size(); ++line_number) {
        const auto newline = stream.find('\n', pos);
        const auto next = newline == std::string_view::npos ? stream.size() : newline + 1;
        const auto line =
            stream.substr(pos, (newline == std::string_view::npos ? next : newline) - pos);
        if (is_marker(line, "...")) {
            finish(pos, next, line_number + 1);
        } else if (is_marker(line, "---")) {
            if (!only_directives) {
                finish(pos, pos, line_number);
            }
            only_directives = false;
        } else if (const auto first = line.find_first_not_of(" \t\r");
                   first != std::string_view::npos && line[first] != '#' && line[0] != '%') {
            only_directives = false;
        }
        pos = next;
    }
    finish(stream.size(), stream.size(), line_number);
    return chunks;
}

// Most YAML parsers accept JSON, and so does the slow one here; valid JSON needs no conversion.
bool is_json(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '{' && !json_fault(text);
}

std::optional<YamlDocument> convert(const Chunk& chunk, DuplicateKeys duplicates) {
    YamlDocument document;
    document.first_line = chunk.first_line;
    // Duplicate keys are told, if at all, by the conversion.
    if (duplicates == DuplicateKeys::refused && is_json(chunk.text)) {
        document.json = chunk.text;
        return document;
    }
    const auto tree = parse_yaml(chunk.text);
    if (!tree) {
        document.error = tree.error().reason;
        document.error_line = chunk.first_line + tree.error().line;
        return document;
    }
    if (tree->root == nullptr ||
        (tree->root->type == YamlNode::Type::plain && tree->root->scalar.empty())) {
        return std::nullopt;
    }
    // Escapes and quotes can make honest text up to six times as long.
    JsonWriter writer(6 * chunk.text.size() + kMaxExpansion, duplicates);
    if (!writer.value(*tree->root)) {
        document.error = writer.fault().reason;
        document.error_line = chunk.first_line + writer.fault().line;
        return document;
    }
    document.json = writer.take();
    document.duplicates = writer.take_duplicates();
    for (YamlDuplicate& duplicate : document.duplicates) {
        duplicate.line += chunk.first_line;
    }
    return document;
}

}  // namespace

void yaml_to_json(std::string_view stream, const std::function<void(YamlDocument)>& sink,
                  DuplicateKeys duplicates) {
    for (const auto& chunk : split_stream(stream)) {
        if (auto document = convert(chunk, duplicates)) {
            sink(*std::move(document));
        }
    }
}

}  // namespace sy
