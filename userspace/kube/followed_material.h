// Credentials in files, which are replaced while we run.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/log.h"
#include "kube/access.h"
#include "kube/files.h"

namespace sy {

/// The text of a Material as it is now. Nothing happens by itself: whoever needs it lets it look.
class FollowedMaterial {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// `name` is what it is, for messages ("token"). Files are looked at no more often than every
    /// `interval`. A file that cannot be read leaves the last text that could, else the given one.
    FollowedMaterial(Material material, std::string name, std::chrono::milliseconds interval);

    /// Reads the file if it has changed, and with `force` in any case. True if the text is another
    /// now. What cannot be read is logged once, until it can.
    bool look(TimePoint now, bool force, Log& log);

    const std::string& text() const { return text_; }
    /// Why there is no text, if one was expected.
    const std::optional<Error>& fault() const { return fault_; }

  private:
    Material material_;
    std::string name_;
    std::chrono::milliseconds interval_;
    std::optional<TimePoint> looked_;
    std::optional<FileMark> mark_;  // of the text; none before the first
    std::string text_;
    std::optional<Error> fault_;
};

}  // namespace sy
