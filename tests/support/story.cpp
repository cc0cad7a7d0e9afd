#include "tests/support/story.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sy::test {
namespace {

constexpr std::string_view kStep = "## step ";
constexpr std::string_view kSection = "### ";

struct SectionName {
    std::string_view name;
    std::string StoryStep::* text;
};
/// In the order in which they are printed.
constexpr std::array kSections{
    SectionName{"apply", &StoryStep::apply}, SectionName{"delete", &StoryStep::remove},
    SectionName{"plan", &StoryStep::plan}, SectionName{"nft", &StoryStep::nft}};

/// Without empty lines at either end; with a newline at the end unless nothing is left.
std::string trimmed(std::string_view text) {
    while (text.starts_with('\n')) {
        text.remove_prefix(1);
    }
    while (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    std::string result(text);
    if (!result.empty()) {
        result += '\n';
    }
    return result;
}

}  // namespace

Result<Story> parse_story(std::string_view text) {
    Story story;
    std::string* body = &story.preamble;
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.starts_with(kStep)) {
            story.steps.emplace_back().name = line.substr(kStep.size());
            body = nullptr;
        } else if (line.starts_with(kSection)) {
            const auto section =
                std::ranges::find(kSections, line.substr(kSection.size()), &SectionName::name);
            if (section == kSections.end() || story.steps.empty()) {
                return fail("no such section here: " + std::string(line),
                            "line " + std::to_string(line_number));
            }
            body = &(story.steps.back().*(section->text));
        } else if (body != nullptr) {
            body->append(line).append("\n");
        } else if (!line.empty()) {
            return fail("text outside a section", "line " + std::to_string(line_number));
        }
    }
    story.preamble = trimmed(story.preamble);
    for (auto& step : story.steps) {
        for (const auto& section : kSections) {
            step.*section.text = trimmed(step.*section.text);
        }
    }
    return story;
}

std::string print_story(const Story& story) {
    std::string text = story.preamble;
    for (const auto& step : story.steps) {
        text.append("\n").append(kStep).append(step.name).append("\n");
        for (const auto& section : kSections) {
            const auto& body = step.*section.text;
            if (!body.empty()) {
                text.append("\n").append(kSection).append(section.name).append("\n").append(body);
            }
        }
    }
    return text;
}

}  // namespace sy::test
