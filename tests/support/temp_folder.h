// Files of a test that are gone afterwards.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sy::lab {

/// A folder below the system's temporary one that goes away with this object.
class TempFolder {
  public:
    TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder();

    const std::filesystem::path& path() const { return path_; }
    /// Writes a file (mode 0600) as careful editors do, beside it and renamed into place, and
    /// returns its path.
    std::string write(const std::string& name, std::string_view text) const;

  private:
    std::filesystem::path path_;
};

}  // namespace sy::lab
