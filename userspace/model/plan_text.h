// A plan as text a person can read.
#pragma once

#include <string>

#include "model/plan.h"

namespace sy {

/// `plan` in lines, the same text for equal plans, ending in a newline. Names
/// come out printable: they cannot add lines or steer a terminal.
std::string plan_text(const ServicePlan& plan);

}  // namespace sy
