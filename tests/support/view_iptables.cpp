// The iptables backend from outside, in either variant of the programs.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/outside_view.h"

namespace sy::lab {
namespace {

class IptablesView final : public OutsideView {
  public:
    explicit IptablesView(std::string variant) : variant_(std::move(variant)) {}

    std::vector<Damage> damages(const Lab& /*lab*/, Family family) const override {
        const std::string rules = program(family);
        const std::string sets = family == Family::ipv4 ? "sy4-" : "sy6-";
        const std::string web = cluster_ip(family, 1).to_string();
        const auto shell = [](std::string what, const std::string& script) {
            return Damage{std::move(what), {"sh", "-ec", script}};
        };
        return {
            shell("the nat table flushed", rules + " -t nat -F"),
            shell("both tables flushed", rules + " -t nat -F; " + rules + " -F"),
            shell("every chain removed", rules + " -t nat -F; " + rules + " -t nat -X; " + rules +
                                             " -F; " + rules + " -X"),
            shell("a chain emptied", rules + " -t nat -F SY-C"),
            shell("a built-in chain emptied", rules + " -t nat -F PREROUTING"),
            shell("our jump behind another rule",
                  rules + " -I INPUT 1 -p tcp --dport 9 -j ACCEPT; " + rules + " -D INPUT 1; " +
                      rules + " -F INPUT"),
            shell("a rule inserted", rules + " -t nat -I SY-SERVICES 1 -j ACCEPT"),
            shell("a set emptied", "ipset flush " + sets + "cip"),
            shell("a member removed", "ipset del " + sets + "cip " + web),
            shell("a foreign member added",
                  "ipset add " + sets + "cip " + cluster_ip(family, 99).to_string()),
            shell("a foreign chain added", rules + " -t nat -N SY-INTRUDER"),
            shell("two things at once",
                  rules + " -t nat -F POSTROUTING; ipset flush " + sets + "cip"),
        };
    }

    std::string leftovers(const Lab& lab) const override {
        std::string all = listed(lab, {"ipset", "list", "-n"});
        for (const Family family : kFamilies) {
            std::istringstream lines(saved(lab, family, false));
            for (std::string line; std::getline(lines, line);) {
                if (line.starts_with("-A ") || line.find("SY-") != std::string::npos) {
                    all += line + "\n";
                }
            }
        }
        return all;
    }

    // The nft variant leaves its tables, empty.
    void sweep(const Lab& lab) const override {
        const auto swept = must_run_in(lab.at(Place::node), {"nft", "flush", "ruleset"});
        EXPECT_TRUE(swept) << swept.error().message();
    }

    Result<Relisted> relist(const Lab& lab) const override {
        const Result<NetNs> empty = NetNs::create();
        if (!empty) {
            return std::unexpected(empty.error());
        }
        const NetNs& node = lab.at(Place::node);
        Relisted both;
        const auto copy = [&](const std::vector<std::string>& save,
                              const std::vector<std::string>& restore) -> Result<void> {
            const Result<std::string> text = must_run_in(node, save);
            if (!text) {
                return std::unexpected(text.error());
            }
            if (auto loaded = must_run_in(*empty, restore, *text); !loaded) {
                return std::unexpected(loaded.error());
            }
            const Result<std::string> again = must_run_in(*empty, save);
            if (!again) {
                return std::unexpected(again.error());
            }
            both.here.merge(lines_of(*text));
            both.there.merge(lines_of(*again));
            return {};
        };
        if (auto sets = copy({"ipset", "save"}, {"ipset", "restore"}); !sets) {
            return std::unexpected(sets.error());
        }
        for (const Family family : kFamilies) {
            if (auto rules = copy({program(family) + "-save"}, {program(family) + "-restore"});
                !rules) {
                return std::unexpected(rules.error());
            }
        }
        return both;
    }

    uint64_t stray_drops(const Lab& lab, Family family) const override {
        std::istringstream lines(saved(lab, family, true));
        for (std::string line; std::getline(lines, line);) {
            if (line.find("SY-FORWARD") != std::string::npos &&
                line.find("INVALID") != std::string::npos) {
                return std::stoull(line.substr(line.find('[') + 1));
            }
        }
        return 0;
    }

  private:
    /// "iptables-legacy"
    std::string program(Family family) const {
        return (family == Family::ipv4 ? "iptables-" : "ip6tables-") + variant_;
    }
    std::string saved(const Lab& lab, Family family, bool counters) const {
        std::vector<std::string> command{program(family) + "-save"};
        if (counters) {
            command.emplace_back("-c");
        }
        return listed(lab, command);
    }
    /// Without comments, which hold the time, and without counters and remaining lifetimes.
    static std::multiset<std::string> lines_of(const std::string& text) {
        std::multiset<std::string> all;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            const std::size_t passing =
                std::min(line.find(" ["),
                         line.starts_with("add ") ? line.find(" timeout ") : std::string::npos);
            if (!line.starts_with("#")) {
                all.insert(line.substr(0, passing));
            }
        }
        return all;
    }

    std::string variant_;
};

}  // namespace

std::unique_ptr<OutsideView> view_of_iptables_legacy() {
    return std::make_unique<IptablesView>("legacy");
}

std::unique_ptr<OutsideView> view_of_iptables_nft() {
    return std::make_unique<IptablesView>("nft");
}

}  // namespace sy::lab
