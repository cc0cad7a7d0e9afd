#include "source/decode.h"

#include <simdjson.h>

#include <utility>

#include "source/decode_kinds.h"
#include "source/field.h"

namespace sy {
namespace {

// Above this a parser's memory is given back after use: one huge List at start must not stay.
constexpr std::size_t kKeepMemory = 1 << 20;
// Limits of the API server's name validation.
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxNamespace = 63;

struct KindName {
    Kind kind;
    std::string_view name;
    std::string_view list_name;
    std::string_view version;
    std::string_view other_version;  // read as well: same fields; may be empty
};

constexpr KindName kKinds[] = {
    {Kind::service, "Service", "ServiceList", "v1", ""},
    {Kind::endpoint_slice, "EndpointSlice", "EndpointSliceList", "discovery.k8s.io/v1", ""},
    {Kind::node, "Node", "NodeList", "v1", ""},
    {Kind::service_cidr, "ServiceCIDR", "ServiceCIDRList", "networking.k8s.io/v1",
     "networking.k8s.io/v1beta1"},
};

bool has_version(const KindName& known, std::string_view version) {
    return version == known.version ||
           (!known.other_version.empty() && version == known.other_version);
}

const KindName* find_kind(std::string_view kind, std::string_view version) {
    for (const auto& known : kKinds) {
        if (known.name == kind && has_version(known, version)) {
            return &known;
        }
    }
    return nullptr;
}

// Nothing if this is no list; otherwise what its items are by default.
std::optional<ObjectType> as_list(std::string_view kind, std::string_view version) {
    if (kind == "List") {
        return ObjectType{};
    }
    for (const auto& known : kKinds) {
        if (known.list_name == kind && has_version(known, version)) {
            return ObjectType{known.name, version};
        }
    }
    return std::nullopt;
}

Identity read_identity(const Field& root, Kind kind) {
    const auto metadata = root.member("metadata");
    const auto name = metadata.member("name");
    Identity id{{}, name.text()};
    if (id.name.empty()) {
        name.fail("is missing: every object needs a name");
    } else if (id.name.size() > kMaxName) {
        name.fail(in_quotes(id.name) + " is too long: a name has at most 253 characters");
    }
    if (kind == Kind::service || kind == Kind::endpoint_slice) {
        const auto ns = metadata.member("namespace");
        id.ns = ns.text().empty() ? "default" : ns.text();
        if (id.ns.size() > kMaxNamespace) {
            ns.fail(in_quotes(id.ns) + " is too long: a namespace has at most 63 characters");
        }
    }
    return id;
}

// Manifests may say anything there: nobody reads it.
std::string_view read_resource_version(const Field& root) {
    const auto metadata = root.member("metadata");
    return metadata.member("resourceVersion").text_if_any();
}

Object decode_kind(const Field& root, Kind kind, const Identity& id, Symbols& symbols) {
    switch (kind) {
        case Kind::service:
            return decode_service(root, id);
        case Kind::endpoint_slice:
            return decode_endpoint_slice(root, id, symbols);
        case Kind::node:
            return decode_node(root, id);
        case Kind::service_cidr:
            break;
    }
    return decode_service_cidr(root, id);
}

Malformed malformed(Findings& findings, std::optional<ObjectKey> key) {
    return {*std::move(findings.fault), std::move(key), {}};
}

DecodeOutcome decode_object(const Field& root, Findings& findings, const ObjectType& type,
                            Symbols& symbols) {
    const auto kind_field = root.member("kind");
    const auto version_field = root.member("apiVersion");
    const auto kind = kind_field.present() ? kind_field.text() : type.kind;
    const auto version = version_field.present() ? version_field.text() : type.api_version;
    if (!root.present()) {
        root.fail("is empty where an object belongs");
    } else if (kind.empty()) {
        kind_field.fail("is missing: say what this is, \"Service\" for example");
    } else if (version.empty()) {
        version_field.fail(
            "is missing: \"v1\" for a Service, \"discovery.k8s.io/v1\" for an "
            "EndpointSlice");
    }
    if (findings.fault) {
        return malformed(findings, std::nullopt);
    }
    const auto* known = find_kind(kind, version);
    if (known == nullptr) {
        return Unread{std::string(kind), std::string(version)};
    }
    const auto id = read_identity(root, known->kind);
    if (findings.fault) {
        return malformed(findings, std::nullopt);
    }
    std::string resource_version(read_resource_version(root));
    auto object = decode_kind(root, known->kind, id, symbols);
    if (findings.fault) {
        auto fault =
            malformed(findings, ObjectKey{known->kind, std::string(id.ns), std::string(id.name)});
        fault.resource_version = std::move(resource_version);
        return fault;
    }
    if (findings.warnings_left_out > 0) {
        findings.warnings.push_back(
            {{}, std::to_string(findings.warnings_left_out) + " more warnings left out"});
    }
    return Decoded{std::move(object), std::move(findings.warnings), std::move(resource_version)};
}

// Every item gets fresh findings, so that what is wrong with one stays with it.
void decode_items(const Field& list, Findings& findings, const ObjectType& type, Symbols& symbols,
                  const Decoder::Sink& sink) {
    const auto items = list.member("items");
    bool any = false;
    if (!findings.fault) {
        items.each([&](const Field& item) {
            any = true;
            findings = {};
            sink(decode_object(item, findings, type, symbols));
        });
    }
    if (!any && findings.fault) {
        sink(malformed(findings, std::nullopt));
    }
}

}  // namespace

std::string Finding::text() const {
    return path.empty() ? reason : to_string(path) + ": " + reason;
}

struct Decoder::Parts {
    explicit Parts(Symbols& table) : symbols(table) {}

    Symbols& symbols;
    simdjson::dom::parser parser;

    Result<simdjson::dom::element> parse(std::string_view json) {
        simdjson::dom::element root;
        if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
            release(json.size());
            return fail(std::string("not valid JSON: ") + simdjson::error_message(error));
        }
        return root;
    }
    void release(std::size_t used) {
        if (used > kKeepMemory) {
            parser = simdjson::dom::parser();
        }
    }
};

Decoder::Decoder(Symbols& symbols) : parts_(std::make_unique<Parts>(symbols)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<DecodeOutcome> Decoder::decode(std::string_view json, const ObjectType& type) {
    const auto parsed = parts_->parse(json);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    Findings findings;
    const Field root(findings, *parsed);
    auto outcome = decode_object(root, findings, type, parts_->symbols);
    parts_->release(json.size());
    return outcome;
}

Result<void> Decoder::decode_all(std::string_view json, const Sink& sink) {
    const auto parsed = parts_->parse(json);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    Findings findings;
    const Field root(findings, *parsed);
    const auto kind = root.member("kind");
    const auto version = root.member("apiVersion");
    const auto item_type = as_list(kind.text(), version.text());
    if (!item_type || findings.fault) {
        findings = {};
        sink(decode_object(root, findings, {}, parts_->symbols));
    } else {
        decode_items(root, findings, *item_type, parts_->symbols, sink);
    }
    parts_->release(json.size());
    return {};
}

}  // namespace sy
