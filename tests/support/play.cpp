// Plays stories: the whole arrow chain from a manifest to nftables elements, without a kernel.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "backends/nftables/compile.h"
#include "backends/nftables/element_text.h"
#include "backends/nftables/numbers.h"
#include "backends/nftables/schema.h"
#include "base/text.h"
#include "model/cluster_state.h"
#include "model/plan_text.h"
#include "source/decode.h"
#include "source/yaml.h"
#include "tests/support/story.h"

namespace sy::test {
namespace {

/// What nftables holds of the story's Services.
class NftHalf {
  public:
    /// The elements that come ("+") and go ("-") with `delta`.
    std::string apply(const PlanDelta& delta) {
        std::string refused;
        const auto before = elements();
        for (const auto& name : delta.removed) {
            fragments_.erase(name);
        }
        for (const auto& plan : delta.changed) {
            auto& fragment = fragments_[plan->name];
            auto compiled = nft::compile(*plan, fragment, numbers_);
            if (compiled) {
                fragment = std::move(*compiled);
            } else {
                refused += "! " + printable(compiled.error().message()) + "\n";
            }
        }
        const auto after = elements();
        return refused + difference("-", before, after) + difference("+", after, before);
    }
    bool empty() const { return elements().empty(); }

  private:
    using Elements = std::set<nft::Element>;

    Elements elements() const {
        Elements all;
        for (const auto& [name, fragment] : fragments_) {
            all.insert(fragment.own.begin(), fragment.own.end());
            all.insert(fragment.shared.begin(), fragment.shared.end());
        }
        return all;
    }
    static std::string difference(std::string_view sign, const Elements& these,
                                  const Elements& those) {
        std::string lines;
        for (const auto& element : these) {
            if (!those.contains(element)) {
                lines.append(sign)
                    .append(element.family() == Family::ipv4 ? " ip " : " ip6 ")
                    .append(nft::schema(element.set()).name)
                    .append(" { ")
                    .append(nft::element_text(element))
                    .append(" }\n");
            }
        }
        return lines;
    }

    std::map<ServiceName, nft::Fragment> fragments_;
    nft::NumberPool numbers_;
};

std::optional<ObjectKey> parse_key(std::string_view line) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) {
        return std::nullopt;
    }
    const auto rest = line.substr(space + 1);
    const auto slash = rest.find('/');
    for (const auto kind : {Kind::service, Kind::endpoint_slice, Kind::node, Kind::service_cidr}) {
        const bool namespaced = kind == Kind::service || kind == Kind::endpoint_slice;
        if (to_string(kind) != line.substr(0, space) ||
            namespaced == (slash == std::string_view::npos)) {
            continue;
        }
        return namespaced ? ObjectKey{kind, std::string(rest.substr(0, slash)),
                                      std::string(rest.substr(slash + 1))}
                          : ObjectKey{kind, "", std::string(rest)};
    }
    return std::nullopt;
}

class Player {
  public:
    Result<StoryOutcome> play(const StoryStep& step) {
        complaints_.clear();
        apply(step.apply);
        if (auto removed = remove(step.remove); !removed) {
            return std::unexpected(removed.error());
        }
        return told();
    }

    /// Removes all that is left; an error if that leaves anything.
    Result<void> finish() {
        for (const auto& key : present_) {
            state_.apply(Removed{key});
        }
        told();
        if (state_.service_count() != 0 || state_.has_dirty() || !nft_.empty()) {
            return fail("something is left after removing every object");
        }
        return {};
    }

  private:
    void apply(const std::string& yaml) {
        yaml_to_json(yaml, [this](const YamlDocument& document) {
            if (!document.error.empty()) {
                complain(document.error);
                return;
            }
            const auto done = decoder_.decode_all(
                document.json, [this](const DecodeOutcome& outcome) { take(outcome); });
            if (!done) {
                complain(done.error().message());
            }
        });
    }
    void take(const DecodeOutcome& outcome) {
        if (const auto* decoded = std::get_if<Decoded>(&outcome)) {
            const auto key = key_of(decoded->object);
            for (const auto& warning : decoded->warnings) {
                complain(key.to_string() + ": " + warning.text());
            }
            present_.insert(key);
            state_.apply(Upserted{decoded->object});
        } else if (const auto* malformed = std::get_if<Malformed>(&outcome)) {
            complain((malformed->key ? malformed->key->to_string() + ": " : "") +
                     malformed->fault.text());
        } else if (const auto* unread = std::get_if<Unread>(&outcome)) {
            complain("not read: kind " + unread->kind);
        }
    }
    Result<void> remove(std::string_view lines) {
        while (!lines.empty()) {
            const auto line = lines.substr(0, lines.find('\n'));
            lines.remove_prefix(std::min(line.size() + 1, lines.size()));
            const auto key = parse_key(line);
            if (!key) {
                return fail("cannot delete this", std::string(line));
            }
            present_.erase(*key);
            state_.apply(Removed{*key});
        }
        return {};
    }
    /// All that the state has to tell, by Service name.
    StoryOutcome told() {
        PlanDelta all;
        while (state_.has_dirty()) {
            auto delta = state_.take(1000);
            std::ranges::move(delta.changed, std::back_inserter(all.changed));
            std::ranges::move(delta.removed, std::back_inserter(all.removed));
        }
        std::map<ServiceName, std::string> texts;
        for (const auto& name : all.removed) {
            texts[name] = "Service " + printable(name.to_string()) + "\n  nothing\n";
        }
        for (const auto& plan : all.changed) {
            texts[plan->name] = plan_text(*plan);
        }
        StoryOutcome outcome{complaints_, nft_.apply(all)};
        for (const auto& [name, text] : texts) {
            outcome.plan += text;
        }
        const std::string unchanged = "unchanged\n";
        outcome.plan = outcome.plan.empty() ? unchanged : outcome.plan;
        outcome.nft = outcome.nft.empty() ? unchanged : outcome.nft;
        return outcome;
    }
    void complain(const std::string& what) { complaints_ += "! " + printable(what) + "\n"; }

    Symbols symbols_;
    Decoder decoder_{symbols_};
    ClusterState state_{symbols_, "node-a"};
    NftHalf nft_;
    std::set<ObjectKey> present_;
    std::string complaints_;
};

}  // namespace

Result<std::vector<StoryOutcome>> play(const Story& story) {
    Player player;
    std::vector<StoryOutcome> outcomes;
    for (const auto& step : story.steps) {
        auto outcome = player.play(step);
        if (!outcome) {
            return fail(outcome.error().what, "step " + step.name + ": " + outcome.error().on);
        }
        outcomes.push_back(std::move(*outcome));
    }
    if (auto finished = player.finish(); !finished) {
        return std::unexpected(finished.error());
    }
    return outcomes;
}

}  // namespace sy::test
