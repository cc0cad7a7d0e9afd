#include "backends/iptables/kernel.h"

#include <utility>

#include "backends/iptables/kernel/probe.h"
#include "backends/iptables/kernel/removal.h"
#include "backends/iptables/kernel/rules.h"
#include "backends/iptables/kernel/sets.h"
#include "backends/iptables/kernel/variant.h"

namespace sy::iptables {
namespace {

/// What the kernel shares with the strand.
class Watch final : public DriftWatch {
  public:
    explicit Watch(std::shared_ptr<Witness> witness) : witness_(std::move(witness)) {}
    int fd() const override { return witness_->fd(); }
    bool drained_drift() override { return witness_->drained_drift(); }

  private:
    std::shared_ptr<Witness> witness_;
};

class ProgramKernel final : public Kernel {
  public:
    ProgramKernel(Sets sets, Rules rules, Features features, bool in_other, Log& log)
        : sets_(std::move(sets)),
          rules_(std::move(rules)),
          features_(features),
          in_other_(in_other),
          log_(log) {}

    const Features& features() const override { return features_; }

    Result<void> probe() override {
        FamilySet families(Family::ipv4);
        if (features_.ipv6) {
            families |= FamilySet(Family::ipv6);
        }
        return probe_features(sets_, rules_, families);
    }

    Result<std::vector<Dumped>> dump() override {
        std::vector<Dumped> all;
        for (const Family family : kFamilies) {
            auto& dumped = all.emplace_back();
            dumped.family = family;
            if (!rules_.has(family) || !may_have_rules(features_.variant, family)) {
                continue;
            }
            auto saved = rules_.saved(family);
            if (!saved) {
                return std::unexpected(saved.error());
            }
            dumped.nat = std::move(saved->nat);
            dumped.filter = std::move(saved->filter);
            dumped.jumps = std::move(saved->jumps);
        }
        if (const auto done = dump_sets(all); !done) {
            return std::unexpected(done.error());
        }
        return all;
    }

    std::expected<void, CommitError> commit(const Transaction& transaction) override {
        if (auto done = sets_.apply(transaction.before); !done) {
            return done;
        }
        bool hooked = false;
        for (const Restore& restore : transaction.restores) {
            if (auto done = rules_.apply(restore); !done) {
                return done;
            }
            hooked = hooked || !restore.hook.empty();
        }
        if (auto done = sets_.apply(transaction.after); !done) {
            return done;
        }
        // Our rules were found in the other variant, too. Now that they are in this one, those are
        // in the way of the sets.
        if (hooked && std::exchange(in_other_, false)) {
            if (const auto done = remove_from(opposite(features_.variant), log_); !done) {
                log_.warning("our rules in the other variant of iptables cannot be removed: " +
                             done.error().message());
            }
        }
        return {};
    }

    Result<void> remove_all() override {
        if (auto done = rules_.remove_all(); !done) {
            return std::unexpected(done.error());
        }
        if (auto done = remove_from(opposite(features_.variant), log_); !done) {
            return done;
        }
        in_other_ = false;
        return remove_sets(sets_);
    }

    Result<void> allow_localhost_routing() override { return allow_localnet(sets_); }

    Result<std::unique_ptr<DriftWatch>> watch() override {
        auto witness = rules_.watch();
        if (!witness) {
            return std::unexpected(witness.error());
        }
        return std::make_unique<Watch>(std::move(*witness));
    }

  private:
    Result<void> dump_sets(std::vector<Dumped>& all) {
        const auto headers = sets_.headers();
        if (!headers) {
            return std::unexpected(headers.error());
        }
        for (const ListedSet& listed : *headers) {
            const auto set = set_of_name(listed.name);
            if (!set) {
                continue;
            }
            if (const auto done = check_type(listed, *set); !done) {
                return done;
            }
            auto& dumped = all[set->family == Family::ipv4 ? 0 : 1];
            dumped.sets.push_back({*set, listed.timeout});
            if (set->role == Role::affinity) {
                continue;
            }
            const auto members = sets_.members(*set);
            if (!members) {
                return std::unexpected(members.error());
            }
            dumped.members.insert(dumped.members.end(), members->begin(), members->end());
        }
        return {};
    }

    Sets sets_;
    Rules rules_;
    Features features_;
    bool in_other_;
    Log& log_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> open_kernel(const IptablesSettings& settings, Log& log) {
    auto sets = Sets::open();
    if (!sets) {
        return std::unexpected(sets.error());
    }
    const HostFacts facts = look_at_host();
    const auto choice = choose_variant(settings.variant, facts);
    if (!choice) {
        return std::unexpected(choice.error());
    }
    const bool is_nft = choice->variant == IptablesVariant::nft;
    log.info("iptables: the " + std::string(to_string(choice->variant)) +
             " variant is used: " + choice->why);
    Rules rules(choice->variant);
    Features features{.variant = choice->variant};
    const auto bpf = probe_bpf(rules);
    if (!bpf) {
        return std::unexpected(bpf.error());
    }
    features.xt_bpf = *bpf;
    if (const auto done = probe_family(rules, Family::ipv6); !done) {
        if (done.error().reason == CommitError::Reason::locked) {
            return std::unexpected(done.error().error);
        }
        features.ipv6 = false;
        log.warning("IPv6 is not served: " + done.error().error.message());
    }
    return std::make_unique<ProgramKernel>(std::move(*sets), std::move(rules), features,
                                           is_nft ? facts.legacy.ours : facts.nft.ours, log);
}

}  // namespace sy::iptables
