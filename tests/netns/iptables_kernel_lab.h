// A fresh network namespace with the programs of iptables, and what goes into it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/iptables/kernel.h"
#include "tests/support/netns.h"

namespace sy::iptables {

/// Remembers what was logged.
struct Lines : Log {
    void write(LogLevel, std::string_view message) override { text += std::string(message) + "\n"; }
    std::string text;
};

IpAddr address(std::string_view text);

/// "iptables-nft-save", …
std::string program(IptablesVariant variant, Family family, std::string_view what);

/// Every test runs in a network namespace of its own and with a lock of its own.
class IptablesLab : public ::testing::TestWithParam<IptablesVariant> {
  protected:
    void SetUp() override;
    void TearDown() override;

    /// A kernel for this variant, which has to open.
    std::unique_ptr<Kernel> open(IptablesVariant variant);
    /// Runs a program, which has to succeed; what it wrote.
    std::string must(const std::vector<std::string>& argv, std::string_view input = {});
    /// The rules of a family as its own program tells them, without comments, counters and tables
    /// that hold nothing.
    std::string saved(IptablesVariant variant, Family family);
    void load(IptablesVariant variant, Family family, std::string_view text);
    std::vector<Dumped> dump(Kernel& kernel);
    void commit(Kernel& kernel, const Transaction& transaction);
    const std::string& lock_file() const { return lock_file_; }

    std::optional<lab::NetNs> ns_;
    std::optional<lab::Entered> inside_;
    Lines log_;

  private:
    std::string lock_file_;
};

/// Every set of the layout with members of all kinds, as changes that make them.
std::vector<SetOp> sample_sets(Family family);
/// The constant rules of the layout and three Services, in the words of iptables-save.
Transaction sample(Family family);
/// Sets and members that a transaction makes, sorted.
std::vector<SetDef> made_sets(const Transaction& transaction);
std::vector<Member> made_members(const Transaction& transaction);

/// A line for each chain and rule, and for each jump, sorted by chain.
std::string lines(std::vector<Chain> chains);
std::string lines(const std::vector<Jump>& jumps);

template <class T>
std::vector<T> sorted(std::vector<T> values) {
    std::ranges::sort(values);
    return values;
}

}  // namespace sy::iptables
