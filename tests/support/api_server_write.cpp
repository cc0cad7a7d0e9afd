// POST, PUT, PATCH and DELETE: enough of them for kubectl and for posting Events.
#include <boost/json.hpp>
#include <stdexcept>

#include "tests/support/api_server_protobuf.h"
#include "tests/support/api_server_state.h"

namespace sy::lab {
namespace {

namespace json = boost::json;

json::object* object_at(json::object& object, std::string_view key) {
    json::value* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

/// RFC 7386. Directives of strategic merge patches ("$setElementOrder/ports") are left out.
void merge(json::value& target, const json::value& patch) {
    if (!patch.is_object()) {
        target = patch;
        return;
    }
    if (!target.is_object()) {
        target = json::object();
    }
    for (const auto& [key, value] : patch.as_object()) {
        if (key.starts_with("$")) {
            continue;
        }
        if (value.is_null()) {
            target.as_object().erase(key);
        } else {
            merge(target.as_object()[key], value);
        }
    }
}

ApiReply document(const StoredObject& object, unsigned status) {
    ApiReply reply;
    reply.status = status;
    object.append_document(reply.body);
    reply.body += '\n';
    return reply;
}

/// What the path says and the body may leave out. An error in words.
std::optional<std::string> complete(json::object& whole, const ApiPath& path, uint64_t number) {
    whole["apiVersion"] = path.resource->api_version();
    whole["kind"] = std::string(path.resource->kind);
    if (object_at(whole, "metadata") == nullptr) {
        whole["metadata"] = json::object();
    }
    json::object& metadata = *object_at(whole, "metadata");
    if (path.resource->namespaced) {
        metadata["namespace"] = path.ns;
    }
    if (!path.name.empty()) {
        metadata["name"] = path.name;
    }
    const json::value* name = metadata.if_contains("name");
    const json::value* prefix = metadata.if_contains("generateName");
    if ((name == nullptr || !name->is_string()) && prefix != nullptr && prefix->is_string()) {
        metadata["name"] = std::string(prefix->as_string()) + std::to_string(number);
        return std::nullopt;
    }
    return name != nullptr && name->is_string() ? std::nullopt
                                                : std::optional("name or generateName is required");
}

ApiReply not_found(const ApiPath& path) {
    return refusal(404, std::string(path.resource->plural) + " \"" + path.name + "\" not found");
}

ApiReply create(ApiStore& store, const ApiPath& path, json::value body) {
    if (!body.is_object()) {
        return refusal(400, "the body is no object");
    }
    if (const auto error = complete(body.as_object(), path, store.version())) {
        return refusal(422, *error);
    }
    const std::string name(body.at("metadata").at("name").as_string());
    if (store.find(*path.resource, path.ns, name)) {
        ApiReply reply;
        reply.status = 409;
        reply.body =
            status_body(409, "AlreadyExists",
                        std::string(path.resource->plural) + " \"" + name + "\" already exists");
        return reply;
    }
    return document(*store.put(json::serialize(body)), 201);
}

/// The version that a body insists on, or nothing.
std::string wanted_version(const json::object& whole) {
    const json::value* metadata = whole.if_contains("metadata");
    const json::value* version = metadata != nullptr && metadata->is_object()
                                     ? metadata->as_object().if_contains("resourceVersion")
                                     : nullptr;
    return version != nullptr && version->is_string() ? std::string(version->as_string()) : "";
}

ApiReply update(ApiStore& store, const ApiPath& path, json::value body, bool is_patch,
                bool may_create) {
    const StoredPtr before = store.find(*path.resource, path.ns, path.name);
    if (!before && !may_create) {
        return not_found(path);
    }
    if (!body.is_object()) {
        return refusal(400, "the body is no object");
    }
    const std::string wanted = wanted_version(body.as_object());
    if (before && !wanted.empty() && wanted != std::to_string(before->version)) {
        return refusal(409,
                       "the object has been modified; please apply your changes to the "
                       "latest version and try again");
    }
    json::value whole = std::move(body);
    if (before && is_patch) {
        std::string text;
        before->append_document(text);
        const json::value patch = std::move(whole);
        whole = json::parse(text);
        merge(whole, patch);
    }
    if (const auto error = complete(whole.as_object(), path, store.version())) {
        return refusal(422, *error);
    }
    return document(*store.put(json::serialize(whole)), before ? 200 : 201);
}

ApiReply remove(ApiStore& store, const ApiPath& path) {
    const StoredPtr before = store.find(*path.resource, path.ns, path.name);
    if (!before) {
        return not_found(path);
    }
    store.remove(*path.resource, path.ns, path.name);
    return document(*before, 200);
}

}  // namespace

ApiReply write_object(ApiState& state, const ApiPath& path, const HttpRequest& request) {
    const std::scoped_lock lock(state.mutex);
    if (request.method == "DELETE") {
        return path.name.empty() ? refusal(405, "delete them one by one")
                                 : remove(state.store, path);
    }
    std::string text = request.body;
    if (request.header("content-type").find("protobuf") != std::string_view::npos) {
        std::optional<std::string> translated = json_of_protobuf(text);
        if (!translated) {
            return refusal(415, "the server reads only a few kinds of protobuf");
        }
        text = std::move(*translated);
    }
    json::error_code error;
    json::value body = json::parse(text, error);
    if (error) {
        return refusal(400, "the body is no JSON");
    }
    if (request.method == "POST") {
        return path.name.empty() ? create(state.store, path, std::move(body))
                                 : refusal(405, "objects are made in their collection");
    }
    const bool is_patch = request.method == "PATCH";
    const bool apply =
        is_patch && request.header("content-type").find("apply-patch") != std::string_view::npos;
    if (path.name.empty() || (!is_patch && request.method != "PUT")) {
        return refusal(405, "the server does not allow this method on the requested resource");
    }
    return update(state.store, path, std::move(body), is_patch, apply);
}

}  // namespace sy::lab
