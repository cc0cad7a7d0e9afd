// YAML becomes JSON, so that every manifest goes through the one object decoder.
//
// Scalars are read as kubectl reads them (sigs.k8s.io/yaml, i.e. YAML 1.1): what is quoted is text;
// plain y/n/yes/no/on/off/true/false are booleans; ~, null and nothing are null; 0x1f, 0o17, 017
// and 0b1 are whole numbers; everything else that is not a number is text. Merge keys (<<) work.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sy {

/// What becomes of a key that a map has already.
enum class DuplicateKeys : unsigned char { refused, last_counts };

/// A key that was given again, and counts.
struct YamlDuplicate {
    /// Names of the maps around it, and its own: "iptables.syncPeriod".
    std::string path;
    /// 1-based, in the stream.
    std::size_t line = 0;
};

/// One document of a stream.
struct YamlDocument {
    /// 1-based line of the stream on which `json` starts: add the line inside `json` minus one.
    std::size_t first_line = 1;
    /// One JSON value. Every value stands on the same line as in the YAML, counted from
    /// `first_line`, so that a place in the JSON is a place in the file.
    std::string json;
    /// Why there is no `json`; empty: there is.
    std::string error;
    /// 1-based line of the stream where the error is.
    std::size_t error_line = 0;
    /// With DuplicateKeys::last_counts: the first of them, a handful at most.
    std::vector<YamlDuplicate> duplicates;
};

/// Splits `stream` into its documents and hands each, converted, to `sink`, in order. Documents
/// without content are left out. A broken document does not affect the others. What aliases may
/// expand to is bounded.
void yaml_to_json(std::string_view stream, const std::function<void(YamlDocument)>& sink,
                  DuplicateKeys duplicates = DuplicateKeys::refused);

}  // namespace sy
