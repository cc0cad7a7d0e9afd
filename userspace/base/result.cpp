#include "base/result.h"

#include <system_error>

namespace sy {

std::string Error::message() const {
    std::string text;
    if (!on.empty()) {
        text = on + ": ";
    }
    text += what;
    if (code != 0) {
        text += ": " + std::generic_category().message(code);
    }
    return text;
}

}  // namespace sy
