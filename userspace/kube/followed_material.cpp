#include "kube/followed_material.h"

#include <utility>

namespace sy {

FollowedMaterial::FollowedMaterial(Material material, std::string name,
                                   std::chrono::milliseconds interval)
    : material_(std::move(material)),
      name_(std::move(name)),
      interval_(interval),
      text_(material_.text) {}

bool FollowedMaterial::look(TimePoint now, bool force, Log& log) {
    if (material_.file.empty()) {
        return false;
    }
    // What could not be read may be readable without having changed.
    if (!force && !fault_ && looked_ && now - *looked_ < interval_) {
        return false;
    }
    looked_ = now;
    // Before it is read: what changes meanwhile is read again.
    const auto mark = FileMark::of(material_.file);
    if (!force && !fault_ && mark == mark_) {
        return false;
    }
    auto text = read_small_file(material_.file);
    if (text && text->find_first_not_of(" \t\r\n") == std::string::npos) {
        text = fail("is empty", material_.file);
    }
    if (!text) {
        if (!fault_) {
            log.warning(name_ + ": " + text.error().message() +
                        (text_.empty() ? "" : "; the last one is used"));
        }
        fault_ = text.error();
        return false;
    }
    if (std::exchange(fault_, std::nullopt)) {
        log.info(name_ + ": " + material_.file + " is readable again");
    }
    mark_ = mark;
    if (text_ == *text) {
        return false;
    }
    text_ = std::move(*text);
    return true;
}

}  // namespace sy
