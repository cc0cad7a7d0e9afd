#include "tests/support/api_server_protobuf.h"

#include <cstdint>
#include <vector>

#include "tests/support/api_server_http.h"

namespace sy::lab {
namespace {

constexpr std::string_view kMagic{"k8s\0", 4};
constexpr unsigned kVarint = 0;
constexpr unsigned kBytes = 2;

// Field numbers of k8s.io/apimachinery (Unknown, TypeMeta, ObjectMeta) and of ConfigMap.
constexpr unsigned kUnknownType = 1;
constexpr unsigned kUnknownRaw = 2;
constexpr unsigned kTypeVersion = 1;
constexpr unsigned kTypeKind = 2;
constexpr unsigned kObjectMetadata = 1;
constexpr unsigned kMetadataName = 1;
constexpr unsigned kMetadataNamespace = 3;
constexpr unsigned kConfigMapData = 2;
constexpr unsigned kMapKey = 1;
constexpr unsigned kMapValue = 2;

/// The fields of one message that hold bytes; numbers are passed over.
class Message {
  public:
    static std::optional<Message> parse(std::string_view bytes) {
        Message message;
        while (!bytes.empty()) {
            const std::optional<uint64_t> tag = take_number(bytes);
            const std::optional<uint64_t> value = tag ? take_number(bytes) : std::nullopt;
            const uint64_t type = tag.value_or(0) & 7;
            if (!value || (type != kVarint && (type != kBytes || *value > bytes.size()))) {
                return std::nullopt;
            }
            if (type == kBytes) {
                message.fields_.push_back({*tag >> 3, bytes.substr(0, *value)});
                bytes.remove_prefix(*value);
            }
        }
        return message;
    }

    std::vector<std::string_view> all(unsigned number) const {
        std::vector<std::string_view> values;
        for (const Field& field : fields_) {
            if (field.number == number) {
                values.push_back(field.bytes);
            }
        }
        return values;
    }
    /// The last one, as protobuf has it; empty where there is none.
    std::string_view one(unsigned number) const {
        const std::vector<std::string_view> values = all(number);
        return values.empty() ? std::string_view() : values.back();
    }

  private:
    struct Field {
        uint64_t number;
        std::string_view bytes;
    };

    static std::optional<uint64_t> take_number(std::string_view& bytes) {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            value |= uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        return std::nullopt;
    }

    std::vector<Field> fields_;
};

std::optional<std::string> data_of(const Message& object) {
    std::string data;
    for (const std::string_view entry : object.all(kConfigMapData)) {
        const std::optional<Message> pair = Message::parse(entry);
        if (!pair) {
            return std::nullopt;
        }
        data += (data.empty() ? "" : ",") + json_quoted(pair->one(kMapKey)) + ":" +
                json_quoted(pair->one(kMapValue));
    }
    return "{" + data + "}";
}

}  // namespace

std::optional<std::string> json_of_protobuf(std::string_view body) {
    const auto whole =
        body.starts_with(kMagic) ? Message::parse(body.substr(kMagic.size())) : std::nullopt;
    const auto type = whole ? Message::parse(whole->one(kUnknownType)) : std::nullopt;
    const auto object = whole ? Message::parse(whole->one(kUnknownRaw)) : std::nullopt;
    const auto metadata = object ? Message::parse(object->one(kObjectMetadata)) : std::nullopt;
    if (!type || !metadata) {
        return std::nullopt;
    }
    const std::string_view kind = type->one(kTypeKind);
    const bool has_data = kind == "ConfigMap";
    if (!has_data && kind != "Namespace" && kind != "ServiceAccount") {
        return std::nullopt;
    }
    const std::optional<std::string> data = has_data ? data_of(*object) : "";
    if (!data) {
        return std::nullopt;
    }
    return R"({"apiVersion":)" + json_quoted(type->one(kTypeVersion)) + R"(,"kind":)" +
           json_quoted(kind) + R"(,"metadata":{"name":)" +
           json_quoted(metadata->one(kMetadataName)) + R"(,"namespace":)" +
           json_quoted(metadata->one(kMetadataNamespace)) + "}" +
           (has_data ? R"(,"data":)" + *data : "") + "}";
}

}  // namespace sy::lab
