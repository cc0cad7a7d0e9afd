// The questions packet tests ask, as test assertions.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/probe.h"

namespace sy::lab {

/// Made by main() before the first test.
std::unique_ptr<Lab>& shared_lab();

/// New connections lead to all of `expected` and to nothing else (words of describe()). Tries at
/// least `tries` times, and longer as long as something expected is missing.
testing::AssertionResult expect_reaches(const Lab& lab, const Flow& flow,
                                        const std::set<std::string>& expected, unsigned tries);
/// Each flow is refused at once.
testing::AssertionResult expect_refused(const Lab& lab, const std::vector<Flow>& flows);
/// Each flow gets no answer at all.
testing::AssertionResult expect_silent(const Lab& lab, const std::vector<Flow>& flows);

}  // namespace sy::lab
