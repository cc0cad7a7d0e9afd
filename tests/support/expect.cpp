#include "tests/support/expect.h"

#include <algorithm>

namespace sy::lab {
namespace {

testing::AssertionResult all_become(const Lab& lab, const std::vector<Flow>& flows,
                                    const std::string& word, std::chrono::milliseconds patience) {
    const std::vector<Outcome> outcomes = attempt(lab, flows, patience);
    testing::AssertionResult result = testing::AssertionFailure();
    bool ok = true;
    for (std::size_t i = 0; i < flows.size(); ++i) {
        const std::string became = describe(lab, outcomes[i]);
        if (became != word) {
            ok = false;
            result << flows[i].to_string() << " gave " << became << " instead of " << word << "\n";
        }
    }
    return ok ? testing::AssertionSuccess() : result;
}

}  // namespace

std::unique_ptr<Lab>& shared_lab() {
    static std::unique_ptr<Lab> lab;
    return lab;
}

testing::AssertionResult expect_reaches(const Lab& lab, const Flow& flow,
                                        const std::set<std::string>& expected, unsigned tries) {
    // With n equal endpoints the chance to miss one in 64 n tries is below 1e-27.
    const unsigned limit = 64 * static_cast<unsigned>(expected.size()) + tries;
    std::set<std::string> seen;
    for (unsigned done = 0; done < tries || (seen != expected && done < limit); done += 8) {
        seen.merge(reached(lab, flow, 8));
        if (!std::ranges::includes(expected, seen)) {
            break;
        }
    }
    if (seen == expected) {
        return testing::AssertionSuccess();
    }
    return testing::AssertionFailure()
           << flow.to_string() << " gave " << testing::PrintToString(seen) << " instead of "
           << testing::PrintToString(expected);
}

testing::AssertionResult expect_refused(const Lab& lab, const std::vector<Flow>& flows) {
    return all_become(lab, flows, "refused", kPatience);
}

testing::AssertionResult expect_silent(const Lab& lab, const std::vector<Flow>& flows) {
    return all_become(lab, flows, "silent", kSilence);
}

}  // namespace sy::lab
