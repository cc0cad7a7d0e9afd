// What an operator should know of a refusal.
#pragma once

#include <string>
#include <string_view>

#include "source/kubernetes/answers.h"
#include "source/kubernetes/resource.h"

namespace sy {

/// Why the server refuses to `verb` ("list", "watch") the resource, and how to mend it.
std::string refusal_text(const Refusal& refusal, std::string_view verb, const Resource& resource);

}  // namespace sy
