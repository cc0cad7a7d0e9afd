// From the text of a manifest file to objects and faults with line numbers.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "source/decode.h"

namespace sy {

enum class ManifestFormat { yaml, json };

/// A remark about one place of a file. Line 0: not determined (only the first few of a file are).
struct ManifestNote {
    std::size_t line = 0;
    std::string text;
};

struct ManifestObject {
    Object object;
    std::vector<ManifestNote> warnings;
};
/// A document, or an item of a list, that cannot be used. Without a key it is not known which
/// object was meant.
struct ManifestFault {
    ManifestNote note;
    std::optional<ObjectKey> key;
};
/// An object of a kind that is not read.
struct ManifestOther {
    std::string kind;
    std::string api_version;
};

using ManifestItem = std::variant<ManifestObject, ManifestFault, ManifestOther>;

/// Hands every object and fault of `text` to `sink`, in the order of the file. YAML streams may
/// hold several documents; a JSON file holds one value or several, one after the other.
void read_manifest(std::string_view text, ManifestFormat format, Decoder& decoder,
                   const std::function<void(ManifestItem)>& sink);

}  // namespace sy
