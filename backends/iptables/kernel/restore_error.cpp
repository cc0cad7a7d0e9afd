// What the complaints of iptables-restore mean. Its two variants number lines differently and give
// no codes, so words of its messages decide; a message that is not known is about the chains.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "backends/iptables/kernel/restore_text.h"
#include "backends/iptables/kernel/saved.h"
#include "base/text.h"

namespace sy::iptables {
namespace {

using Reason = CommitError::Reason;

// RESOURCE_PROBLEM in the programs.
constexpr int kResourceProblem = 4;

struct Complaint {
    std::string_view words;
    Reason reason;
};
constexpr std::array<Complaint, 13> kComplaints{{
    {"xtables lock", Reason::locked},
    {"Permission denied", Reason::other},
    {"Operation not permitted", Reason::other},
    {"annot allocate memory", Reason::other},
    {"Memory allocation problem", Reason::other},
    {"Unknown option", Reason::other},
    {"Couldn't load target `SY-", Reason::drift},
    {"Couldn't load", Reason::other},
    {"does not exist", Reason::drift},
    {"doesn't exist", Reason::drift},
    {"No chain/target/match by that name", Reason::drift},
    {"Bad rule", Reason::drift},
    {"is incompatible, use 'nft' tool", Reason::other},
}};

/// The number after "line" in "line 7 failed" or "at line: 7".
std::optional<std::size_t> line_number(std::string_view complaint) {
    const auto at = complaint.rfind("line");
    if (at == std::string_view::npos) {
        return {};
    }
    complaint.remove_prefix(at + 4);
    complaint.remove_prefix(std::min(complaint.find_first_not_of(": "), complaint.size()));
    std::size_t number = 0;
    const auto read =
        std::from_chars(complaint.data(), complaint.data() + complaint.size(), number);
    return read.ec == std::errc{} && number > 0 ? std::optional(number) : std::nullopt;
}

std::string_view line_at(std::string_view input, std::size_t number) {
    for (; number > 1 && !input.empty(); --number) {
        input.remove_prefix(std::min(input.find('\n'), input.size() - 1) + 1);
    }
    return input.substr(0, input.find('\n'));
}

/// What the programs write into every complaint and helps nobody.
std::string essence(std::string_view complaint) {
    std::string text;
    while (!complaint.empty()) {
        const auto end = std::min(complaint.find('\n'), complaint.size());
        const auto line = complaint.substr(0, end);
        complaint.remove_prefix(std::min(end + 1, complaint.size()));
        if (line.empty() || line.starts_with("Try `") || line.starts_with("# Warning")) {
            continue;
        }
        text.append(text.empty() ? "" : "; ").append(line);
    }
    return printable(text);
}

}  // namespace

CommitError explain_restore(std::string_view program, int status, std::string_view complaint,
                            std::string_view input) {
    const auto known = std::ranges::find_if(kComplaints, [&](const Complaint& c) {
        return complaint.find(c.words) != std::string_view::npos;
    });
    Reason reason = status == kResourceProblem ? Reason::other : Reason::chain;
    if (known != kComplaints.end()) {
        reason = known->reason;
    }
    if (status > 128) {
        reason = Reason::other;  // a signal
    }
    std::string what = "status " + std::to_string(status) + ": " + essence(complaint);
    if (reason == Reason::locked) {
        what =
            "another program holds the lock of xtables for too long (\"lslocks\" shows who has "
            "xtables.lock); this is tried again";
    } else if (const auto number = line_number(complaint)) {
        const auto line = line_at(input, *number);
        if (!line.empty() && line != "COMMIT") {
            what += ", in \"" + printable(line) + "\"";
        }
        // The legacy programs give no reason for what they cannot delete.
        if (line.starts_with("-D ") || line.starts_with("-X ")) {
            reason = Reason::drift;
        }
    }
    return {reason, {std::move(what), std::string(program), 0}, {}};
}

}  // namespace sy::iptables
