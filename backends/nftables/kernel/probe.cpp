#include "backends/nftables/kernel/probe.h"

#include <cerrno>
#include <string>

#include "backends/nftables/kernel/encode_element.h"
#include "backends/nftables/kernel/encode_table.h"

namespace sy::nft {
namespace {

constexpr std::string_view kProbeTable = "switchyard-probe";

// What was tried by the messages up to `last`.
struct Tried {
    uint32_t last = 0;
    std::string feature;
};

class Probe {
  public:
    Probe(const Layout& layout, Family family)
        : batch_(kProbeTable), encoder_(batch_, family, ids_) {
        encoder_.add_table(&layout);
        tried("tables with user data");
        encoder_.add_chain({std::string(kProbeTable), "", {}, {}});
        for (const auto& need : layout.needs(family)) {
            std::visit([this](const auto& what) { attempt(what); }, need.what);
            tried(need.feature);
        }
        write_classes(
            batch_, family,
            std::vector<ClassElement>{{1, {Verdict::Kind::go_to, std::string(kProbeTable)}}},
            false);
        tried("verdict maps (goto)");
        // There is no such chain: the kernel undoes the whole batch, whatever it can do.
        encoder_.remove_chain("no-such-chain");
    }

    Batch& batch() { return batch_; }

    // The feature that the message tried; empty for the one that has to fail.
    std::string feature_of(uint32_t sequence) const {
        for (const auto& step : tried_) {
            if (sequence <= step.last) {
                return step.feature;
            }
        }
        return {};
    }

  private:
    void tried(std::string feature) { tried_.push_back({batch_.last(), std::move(feature)}); }

    void attempt(SetId id) {
        constexpr uint32_t kSize = 16;
        encoder_.add_set({id, schema(id).interval ? 0 : kSize});
    }
    void attempt(const Hook& hook) {
        encoder_.add_chain({"hook" + std::to_string(++hooks_), "", hook, {}});
    }
    void attempt(const Statement& statement) { encoder_.add_rule(kProbeTable, {statement}); }

    uint32_t ids_ = 0;
    uint32_t hooks_ = 0;
    Batch batch_;
    TableEncoder encoder_;
    std::vector<Tried> tried_;
};

Result<void> probe_family(Connection& connection, const Layout& layout, Family family) {
    Probe probe(layout, family);
    const auto refusals = connection.transact(probe.batch());
    if (!refusals) {
        return std::unexpected(refusals.error());
    }
    const std::string where =
        family == Family::ipv4 ? "nftables, family ip" : "nftables, family ip6";
    for (const auto& refusal : *refusals) {
        if (refusal.sequence == 0) {
            return fail(refusal.code == EPERM ? "not allowed: CAP_NET_ADMIN is needed"
                                              : "nftables is not available (CONFIG_NF_TABLES)",
                        where, refusal.code);
        }
        if (const auto feature = probe.feature_of(refusal.sequence); !feature.empty()) {
            return fail("the kernel lacks " + feature, where, refusal.code);
        }
    }
    return {};
}

}  // namespace

Result<void> probe_features(Connection& connection, const Layout& layout) {
    for (const auto family : kFamilies) {
        if (auto done = probe_family(connection, layout, family); !done) {
            return done;
        }
    }
    return {};
}

}  // namespace sy::nft
