#include "bench/check/baseline.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <exception>
#include <set>

namespace sy::bench {
namespace {

using Figures = std::map<std::string, uint64_t>;

std::string object_of(const Figures& figures) {
    boost::json::object object;
    for (const auto& [name, value] : figures) {
        object.emplace(name, value);
    }
    return boost::json::serialize(object);
}

uint64_t value_of(const Figures& figures, const std::string& name) {
    const auto found = figures.find(name);
    return found == figures.end() ? 0 : found->second;
}

void compare_operation(const std::string& what, const Figures& before, const Figures& now,
                       Comparison& result) {
    std::set<std::string> names;
    for (const auto* figures : {&before, &now}) {
        for (const auto& [name, value] : *figures) {
            names.insert(name);
        }
    }
    for (const auto& name : names) {
        const uint64_t then = value_of(before, name);
        const uint64_t here = value_of(now, name);
        if (then != here) {
            auto& list = here > then ? result.grown : result.shrunk;
            list.push_back(fmt::format("{}: {} {}, was {}", what, here, name, then));
        }
    }
}

}  // namespace

std::string to_json(const Baseline& baseline) {
    std::string text = "{";
    const char* between_modes = "\n";
    for (const auto& [mode, costs] : baseline) {
        text += fmt::format("{}  {}: {{", between_modes, boost::json::serialize(mode));
        between_modes = ",\n";
        const char* between = "\n";
        for (const auto& [operation, figures] : costs) {
            text += fmt::format("{}    {}: {}", between, boost::json::serialize(operation),
                                object_of(figures));
            between = ",\n";
        }
        text += "\n  }";
    }
    return text + "\n}\n";
}

Result<Baseline> from_json(const std::string& text) {
    boost::system::error_code broken;
    const boost::json::value all = boost::json::parse(text, broken);
    if (broken) {
        return fail("no JSON: " + broken.message() + "; --update writes it anew");
    }
    try {
        Baseline baseline;
        for (const auto& [mode, operations] : all.as_object()) {
            for (const auto& [operation, figures] : operations.as_object()) {
                auto& costs = baseline[std::string(mode)][std::string(operation)];
                for (const auto& [name, value] : figures.as_object()) {
                    costs[std::string(name)] = value.to_number<uint64_t>();
                }
            }
        }
        return baseline;
    } catch (const std::exception&) {
        return fail("not made of counts by mode and operation; --update writes it anew");
    }
}

Comparison compare(const Baseline& before, const Baseline& now) {
    Comparison result;
    for (const auto& [mode, costs] : now) {
        const auto known = before.find(mode);
        for (const auto& [operation, figures] : costs) {
            const std::string what = fmt::format("mode {}, {}", mode, operation);
            if (known == before.end() || !known->second.contains(operation)) {
                result.grown.push_back(what + ": not in the baseline");
                continue;
            }
            compare_operation(what, known->second.at(operation), figures, result);
        }
    }
    return result;
}

}  // namespace sy::bench
