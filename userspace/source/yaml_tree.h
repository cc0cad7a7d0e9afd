// A parsed YAML document, before it becomes JSON. Internal to the converter.
#pragma once

#include <cstddef>
#include <deque>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sy {

struct YamlNode {
    enum class Type : unsigned char { plain, text, list, map };

    Type type = Type::plain;
    std::size_t line = 0;  // 0-based, in the document
    std::string scalar;
    /// Elements, or keys and values in turn. Aliases share nodes, so this may be a graph, but never
    /// one with a cycle.
    std::vector<const YamlNode*> children;
};

struct YamlTree {
    std::deque<YamlNode> nodes;
    const YamlNode* root = nullptr;  // null: no content
};

struct YamlFault {
    std::string reason;
    std::size_t line = 0;  // 0-based, in the document
};

/// Parses exactly one document.
std::expected<YamlTree, YamlFault> parse_yaml(std::string_view document);

}  // namespace sy
