// The dispatch trees: which leaf the lines of frontends are in, and the chains that follow.
//
// A tree of addresses branches over the hexadecimal digits of the address from the low end, so that
// it is balanced whatever the networks; a tree of ports over the protocol and the digits of the
// port from the high end, so that a branch is a range. A node with few rules, or with one single
// address, is a leaf. Digits that all lines of a node share are skipped. The shape is a function of
// the set of lines alone: two processes print the same text.
//
// A chain's name is the root's and the digits on the way; a child's is greater than its parent's.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/iptables/kernel.h"
#include "backends/iptables/object.h"

namespace sy::iptables {

/// Rules up to which a node is a leaf.
inline constexpr std::size_t kLeafRules = 32;

/// "SY-C", …
std::string_view root_name(TreeId tree);
/// The tree a chain belongs to.
std::optional<TreeId> tree_of_chain(std::string_view name);

class Tree {
  public:
    Tree(Family family, TreeId id);
    Tree(Tree&&) noexcept;
    Tree& operator=(Tree&&) noexcept;
    ~Tree();

    /// Puts a line in, or takes it away (nothing); returns what was there. `key` is of this family
    /// and tree.
    std::optional<Target> set(const LineKey& key, std::optional<Target> target);

    /// Chains that may differ since the last call: those to write, children before parents, and
    /// those that are gone, parents before children. The first call writes all.
    struct Changes {
        std::vector<Chain> write;
        std::vector<std::string> remove;
    };
    Changes take_changes();

    /// Every chain may differ.
    void mark_all();
    /// The chain has to go unless a line needs it (adoption).
    void mark_gone(std::string chain);

    /// All chains, in no order.
    std::vector<Chain> chains() const;
    /// All lines, in order of their keys.
    std::vector<TreeLine> lines() const;

  private:
    struct Node;
    /// Where a node is: what its name is made of.
    struct Place;

    std::unique_ptr<Node> build(std::map<LineKey, Target> lines, unsigned depth) const;
    void change(std::unique_ptr<Node>& node, const Place& place, const LineKey& key,
                std::optional<Target>& target);
    void rebuild(std::unique_ptr<Node>& node, const Place& place, std::map<LineKey, Target> lines);
    void remember_gone(const Node& node, const Place& place);
    Chain chain(const Node& node, const Place& place) const;
    template <class Visit>
    void walk(Node& node, const Place& place, bool only_dirty, Visit visit) const;

    Family family_;
    TreeId id_;
    std::unique_ptr<Node> root_;
    /// Names of chains that were part of the tree at some time since the last take_changes.
    std::set<std::string> gone_;
};

}  // namespace sy::iptables
