// Cluster objects as manifest files, written the way tools write them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/objects.h"

namespace sy::lab {

/// Documents (JSON, which is YAML) for the objects; each ends with a document separator.
std::string manifest(const ServiceSpec& spec);
std::string manifest(const SliceSpec& spec);
std::string manifest(const Node& node);
std::string manifest(const ServiceCidr& cidr);

/// A folder of manifests that goes away with this object.
class ManifestFolder {
  public:
    ManifestFolder();
    ManifestFolder(const ManifestFolder&) = delete;
    ManifestFolder& operator=(const ManifestFolder&) = delete;
    ~ManifestFolder();

    const std::filesystem::path& path() const { return path_; }
    /// Overwrites in place, in two halves with a pause: as careless editors do.
    void write_slowly(const std::string& name, std::string_view text) const;
    /// Writes a new file beside it and renames it into place: as careful editors do.
    void replace(const std::string& name, std::string_view text) const;
    void remove(const std::string& name) const;
    /// Replaces all files at once as the kubelet does for a ConfigMap: the files are links into
    /// "..data", which is a link to a folder of this generation, and only that link is renamed.
    void swap(const std::map<std::string, std::string>& files);

  private:
    std::filesystem::path path_;
    unsigned generation_ = 0;
};

}  // namespace sy::lab
