#include "tests/support/api_server_store.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <stdexcept>

namespace sy::lab {
namespace {

namespace json = boost::json;

/// Changes kept for each resource; what is older counts as compacted.
constexpr std::size_t kHistory = 20000;

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(*text);
}

const json::object* object_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

std::shared_ptr<const Labels> labels_of(const json::object& metadata) {
    auto labels = std::make_shared<Labels>();
    if (const json::object* all = object_at(metadata, "labels")) {
        for (const auto& [key, value] : *all) {
            labels->emplace_back(key, value.is_string() ? std::string(value.as_string()) : "");
        }
    }
    return labels;
}

std::string make_uid(uint64_t number) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "7d1a40e2-93c4-4f0b-8c55-%012llx",
                  static_cast<unsigned long long>(number));
    return text.data();
}

/// What the server says about who set which field: long, and of no use to us.
json::value managed_fields(const json::object& whole, std::string_view api_version) {
    json::object fields;
    for (const std::string_view part : {"metadata", "spec", "status", "endpoints", "ports"}) {
        if (const json::object* there = object_at(whole, part)) {
            json::object inner{{".", json::object()}};
            for (const auto& member : *there) {
                inner["f:" + std::string(member.key())] = json::object();
            }
            fields["f:" + std::string(part)] = std::move(inner);
        }
    }
    return json::array{json::object{{"manager", "kube-controller-manager"},
                                    {"operation", "Update"},
                                    {"apiVersion", api_version},
                                    {"time", "2025-03-14T09:26:53Z"},
                                    {"fieldsType", "FieldsV1"},
                                    {"fieldsV1", std::move(fields)}}};
}

}  // namespace

void StoredObject::append_item(std::string& out) const {
    if (bulk == nullptr) {
        out += text;
    } else if (resource->kind == "Service") {
        append_bulk_service(out, *bulk, slice.index, version);
    } else {
        append_bulk_slice(out, *bulk, slice, version);
    }
}

void StoredObject::append_document(std::string& out) const {
    const std::size_t begin = out.size();
    append_item(out);
    // A raw text may be anything: leave it alone.
    if (out.compare(begin, 2, "{\"") == 0 && out.compare(begin, 8, "{\"kind\":") != 0) {
        out.replace(begin, 1,
                    R"({"kind":")" + std::string(resource->kind) + R"(","apiVersion":")" +
                        resource->api_version() + R"(",)");
    }
}

StoredPtr ApiStore::put(std::string_view document) {
    json::error_code error;
    json::value parsed = json::parse(document, error);
    if (error || !parsed.is_object()) {
        throw std::invalid_argument("not a JSON object");
    }
    json::object whole = std::move(parsed.as_object());
    const std::string api_version = text_at(whole, "apiVersion");
    const ApiResource* resource = find_kind(api_version, text_at(whole, "kind"));
    if (resource == nullptr || object_at(whole, "metadata") == nullptr) {
        throw std::invalid_argument("no object of a kind the server knows");
    }
    auto object = std::make_shared<StoredObject>();
    json::object& metadata = whole["metadata"].as_object();
    object->resource = resource;
    object->name = text_at(metadata, "name");
    if (resource->namespaced) {
        object->ns = text_at(metadata, "namespace");
        if (object->ns.empty()) {
            object->ns = "default";
            metadata["namespace"] = "default";
        }
    }
    const StoredPtr before = find(*resource, object->ns, object->name);
    object->version = ++version_;
    metadata["resourceVersion"] = std::to_string(object->version);
    if (!metadata.contains("uid")) {
        metadata["uid"] = make_uid(++uids_);
    }
    if (!metadata.contains("creationTimestamp") || metadata["creationTimestamp"].is_null()) {
        metadata["creationTimestamp"] = "2025-03-14T09:26:53Z";
    }
    if (managed_fields_ && !metadata.contains("managedFields")) {
        metadata["managedFields"] = managed_fields(whole, api_version);
    }
    object->labels = labels_of(metadata);
    if (const json::object* spec = object_at(whole, "spec")) {
        object->spec_field = resource->kind == "Service" ? text_at(*spec, "clusterIP")
                             : resource->kind == "Pod"   ? text_at(*spec, "nodeName")
                                                         : "";
    }
    json::object item{{"metadata", std::move(whole["metadata"])}};
    for (auto& [key, value] : whole) {
        if (key != "kind" && key != "apiVersion" && key != "metadata") {
            item[key] = std::move(value);
        }
    }
    object->text = json::serialize(item);
    store(object);
    return object;
}

StoredPtr ApiStore::put_raw(const ApiResource& resource, std::string_view ns, std::string_view name,
                            std::string text) {
    static const auto kNone = std::make_shared<const Labels>();
    auto object = std::make_shared<StoredObject>();
    object->resource = &resource;
    object->ns = ns;
    object->name = name;
    object->labels = kNone;
    object->text = std::move(text);
    object->version = ++version_;
    store(object);
    return object;
}

void ApiStore::store(StoredPtr object) {
    StoredPtr& place = objects_[object->resource][{object->ns, object->name}];
    note(*object->resource, {object->version, place, object});
    place = std::move(object);
}

void ApiStore::note(const ApiResource& resource, StoredChange change) {
    std::deque<StoredChange>& history = history_[&resource];
    history.push_back(std::move(change));
    if (history.size() > kHistory) {
        compacted_ = std::max(compacted_, history.front().version);
        history.pop_front();
    }
}

bool ApiStore::remove(const ApiResource& resource, std::string_view ns, std::string_view name) {
    auto& all = objects_[&resource];
    const auto found = all.find({std::string(ns), std::string(name)});
    if (found == all.end()) {
        return false;
    }
    note(resource, {++version_, std::move(found->second), nullptr});
    all.erase(found);
    return true;
}

const BulkSpec& ApiStore::keep(const BulkSpec& spec) {
    if (bulks_.empty() || bulks_.back() != spec) {
        bulks_.push_back(spec);
    }
    return bulks_.back();
}

void ApiStore::load(const BulkSpec& spec) {
    const BulkSpec& kept = keep(spec);
    const auto labels = std::make_shared<const Labels>(
        Labels{{"app.kubernetes.io/managed-by", "Helm"}, {"app.kubernetes.io/name", "shop"}});
    const ApiResource* service = find_kind("v1", "Service");
    const ApiResource* slice = find_kind("discovery.k8s.io/v1", "EndpointSlice");
    const auto add = [&](const ApiResource* resource, std::string name, const BulkSlice& which) {
        auto object = std::make_shared<StoredObject>();
        object->resource = resource;
        object->ns = kBulkNamespace;
        object->name = std::move(name);
        object->labels = labels;
        object->bulk = &kept;
        object->slice = which;
        object->version = ++version_;
        objects_[resource][{object->ns, object->name}] = std::move(object);
    };
    for (uint32_t i = 0; i < spec.services; ++i) {
        add(service, bulk_name(i), {.index = i});
        add(slice, bulk_slice_name(i), {.index = i});
        if (spec.shape == BulkShape::dual_stack) {
            add(slice, bulk_slice_name(i, true), {.index = i, .ipv6 = true});
        }
    }
    compact();
}

void ApiStore::change_slice(const BulkSpec& spec, uint32_t index, uint32_t generation) {
    const ApiResource* slice = find_kind("discovery.k8s.io/v1", "EndpointSlice");
    const StoredPtr before = find(*slice, kBulkNamespace, bulk_slice_name(index));
    auto object = std::make_shared<StoredObject>();
    if (before) {
        *object = *before;
    } else {
        object->resource = slice;
        object->ns = kBulkNamespace;
        object->name = bulk_slice_name(index);
        object->labels = std::make_shared<const Labels>();
        object->slice.index = index;
    }
    object->bulk = &keep(spec);
    object->slice.generation = generation;
    object->version = ++version_;
    store(std::move(object));
}

StoredPtr ApiStore::find(const ApiResource& resource, std::string_view ns,
                         std::string_view name) const {
    const auto all = objects_.find(&resource);
    if (all == objects_.end()) {
        return nullptr;
    }
    const auto found = all->second.find({std::string(ns), std::string(name)});
    return found == all->second.end() ? nullptr : found->second;
}

std::vector<StoredPtr> ApiStore::list(const ApiResource& resource, std::string_view ns,
                                      const Selector& selector) const {
    std::vector<StoredPtr> result;
    const auto all = objects_.find(&resource);
    if (all == objects_.end()) {
        return result;
    }
    for (const auto& [key, object] : all->second) {
        if ((ns.empty() || key.first == ns) && selector.matches(object->selectable())) {
            result.push_back(object);
        }
    }
    return result;
}

void ApiStore::compact() {
    compacted_ = version_;
}

std::vector<StoredChange> ApiStore::changes(const ApiResource& resource, uint64_t version) const {
    const auto found = history_.find(&resource);
    if (found == history_.end()) {
        return {};
    }
    const std::deque<StoredChange>& history = found->second;
    const auto first =
        std::upper_bound(history.begin(), history.end(), version,
                         [](uint64_t v, const StoredChange& change) { return v < change.version; });
    return {first, history.end()};
}

}  // namespace sy::lab
