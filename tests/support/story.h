// Stories: one text file says what happens to the cluster, step by step, and what must follow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sy::test {

/// One step. Each text is the body of a section, without its heading; empty: no such section.
struct StoryStep {
    std::string name;
    std::string apply;   // YAML documents
    std::string remove;  // lines "Kind namespace/name" or "Kind name"
    std::string plan;    // expected
    std::string nft;     // expected

    friend bool operator==(const StoryStep&, const StoryStep&) = default;
};

struct Story {
    /// What the story tells, up to the first step.
    std::string preamble;
    std::vector<StoryStep> steps;

    friend bool operator==(const Story&, const Story&) = default;
};

Result<Story> parse_story(std::string_view text);
/// Inverse of parse_story for texts in canonical form: one empty line between sections.
std::string print_story(const Story& story);

/// What happened in a step, as text.
struct StoryOutcome {
    std::string plan;
    std::string nft;
};

/// Plays `story` and tells what follows from each step: the decoder's complaints, the plans told
/// by the cluster state, the elements that nftables gains and loses. Fails where the story itself
/// is wrong (unknown kind in a removal), or if anything is left after removing every object at its
/// end.
Result<std::vector<StoryOutcome>> play(const Story& story);

}  // namespace sy::test
