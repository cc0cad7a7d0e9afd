// A plan as text a person can read.
#pragma once

#include <string>
#include <string_view>

#include "model/plan.h"

namespace sy {

/// `plan` in lines, the same text for equal plans, ending in a newline. Names come out quoted and
/// escaped where they contain anything a terminal or a reader could stumble over.
std::string plan_text(const ServicePlan& plan);

/// `text` with quotes, backslashes and everything outside printable ASCII as \xNN.
std::string escaped(std::string_view text);

}  // namespace sy
