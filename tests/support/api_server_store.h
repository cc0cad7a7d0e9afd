// The objects of the test API server, their versions and their history. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/api_server_bulk.h"
#include "tests/support/api_server_resources.h"
#include "tests/support/api_server_selector.h"

namespace sy::lab {

/// One version of one object. Never changes.
struct StoredObject {
    const ApiResource* resource = nullptr;
    std::string ns;
    std::string name;
    uint64_t version = 0;
    std::shared_ptr<const Labels> labels;
    /// See Selectable.
    std::string spec_field;
    /// "{"metadata":…}", without kind and apiVersion, as in lists. Empty for one of many.
    std::string text;
    /// Of one of many: written whenever somebody asks.
    const BulkSpec* bulk = nullptr;
    BulkSlice slice{};

    /// As in a list.
    void append_item(std::string& out) const;
    /// As on its own.
    void append_document(std::string& out) const;
    Selectable selectable() const { return {ns, name, spec_field, *labels}; }
};
using StoredPtr = std::shared_ptr<const StoredObject>;

/// One write. `before` is null for a new object, `now` for a deletion.
struct StoredChange {
    uint64_t version = 0;
    StoredPtr before;
    StoredPtr now;
};

class ApiStore {
  public:
    /// Objects get managedFields unless they bring some.
    void set_managed_fields(bool wanted) { managed_fields_ = wanted; }

    /// Creates or replaces. `document` has apiVersion and kind. Throws std::invalid_argument.
    StoredPtr put(std::string_view document);
    /// As the parsed `resource`, whatever the document says of itself.
    StoredPtr put_raw(const ApiResource& resource, std::string_view ns, std::string_view name,
                      std::string text);
    bool remove(const ApiResource& resource, std::string_view ns, std::string_view name);
    /// Without history.
    void load(const BulkSpec& spec);
    void change_slice(const BulkSpec& spec, uint32_t index, uint32_t generation);

    StoredPtr find(const ApiResource& resource, std::string_view ns, std::string_view name) const;
    /// In the order of namespace and name. `ns` empty: of all.
    std::vector<StoredPtr> list(const ApiResource& resource, std::string_view ns,
                                const Selector& selector) const;

    uint64_t version() const { return version_; }
    /// The oldest version a watch may begin from.
    uint64_t compacted() const { return compacted_; }
    /// What comes from before now is refused. Watches under way still get what they miss.
    void compact();
    /// Changes of the resource after `version`, oldest first.
    std::vector<StoredChange> changes(const ApiResource& resource, uint64_t version) const;

  private:
    using Key = std::pair<std::string, std::string>;

    void store(StoredPtr object);
    void note(const ApiResource& resource, StoredChange change);
    const BulkSpec& keep(const BulkSpec& spec);

    std::map<const ApiResource*, std::map<Key, StoredPtr>> objects_;
    std::map<const ApiResource*, std::deque<StoredChange>> history_;
    std::deque<BulkSpec> bulks_;
    uint64_t version_ = 1000;
    uint64_t compacted_ = 1000;
    uint64_t uids_ = 0;
    bool managed_fields_ = true;
};

}  // namespace sy::lab
