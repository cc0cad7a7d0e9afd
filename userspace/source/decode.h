// From the JSON of a Kubernetes object to a value of the model. The one decoder behind every
// source: manifests (their YAML becomes JSON first) and the API server.
//
// Absent fields get the defaults the API server would fill in, and what the API server would refuse
// is refused here too, because manifests do not pass through one. Fields nobody needs are not
// looked at.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/symbols.h"
#include "model/event.h"
#include "source/json_path.h"

namespace sy {

/// Something about one field. `path` starts at the root of the decoded text.
struct Finding {
    JsonPath path;
    std::string reason;

    /// "spec.ports[1].port: 70000 is not …"
    std::string text() const;
};

/// A usable object. Warnings tell of parts that were skipped, as kube-proxy skips them: an external
/// IP that is no address, and the like.
struct Decoded {
    Object object;
    std::vector<Finding> warnings;
    /// metadata.resourceVersion; empty: not given.
    std::string resource_version;
};

/// A well-formed object of a kind (or version) that is of no concern here.
struct Unread {
    std::string kind;
    std::string api_version;
};

/// An object that cannot be used: which field, what was found there, how to mend it. `key` tells
/// which object it would have been, if that much could be read.
struct Malformed {
    Finding fault;
    std::optional<ObjectKey> key;
    /// metadata.resourceVersion, if that could be read.
    std::string resource_version;
};

/// What an object is if it does not say so itself, as the items of a typed list.
struct ObjectType {
    std::string_view kind;
    std::string_view api_version;
};

using DecodeOutcome = std::variant<Decoded, Unread, Malformed>;

/// Decodes objects one after the other, reusing its memory. Not thread-safe; the node names, zone
/// names and hints it meets are interned in `symbols`, which must outlive it.
class Decoder {
  public:
    using Sink = std::function<void(DecodeOutcome)>;

    explicit Decoder(Symbols& symbols);
    ~Decoder();
    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;

    /// Decodes one object. Fails only if `json` is not JSON. The text is copied: nothing refers to
    /// it afterwards.
    Result<DecodeOutcome> decode(std::string_view json, const ObjectType& type = {});

    /// Like decode, but a `kind: List` or a typed list (ServiceList, …) yields one outcome per
    /// item, in order. Broken items do not affect their neighbours.
    Result<void> decode_all(std::string_view json, const Sink& sink);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace sy
