#include "backends/iptables/tree.h"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/iptables/digits.h"
#include "backends/iptables/text.h"

namespace sy::iptables {
namespace {

constexpr std::array<std::string_view, kTrees.size()> kRoots{"SY-C", "SY-D", "SY-N", "SY-M"};
constexpr std::string_view kHexadecimal = "0123456789abcdef";

using Lines = std::map<LineKey, Target>;

std::size_t weight_of(const Lines& lines) {
    std::size_t weight = 0;
    for (const auto& [key, target] : lines) {
        weight += rule_count(target);
    }
    return weight;
}

/// The first digit from `depth` on that not all lines share; digit_count() if there is none.
unsigned branching_digit(const Lines& lines, unsigned depth) {
    const auto& first = lines.begin()->first;
    unsigned branch = digit_count(first);
    for (const auto& [key, target] : lines) {
        for (unsigned i = depth; i < branch; ++i) {
            if (digit_of(key, i) != digit_of(first, i)) {
                branch = i;
            }
        }
    }
    return branch;
}

}  // namespace

struct Tree::Node {
    /// Rules in all leaves below.
    std::size_t weight = 0;
    bool is_leaf = true;
    /// Branches only: the digit that decides.
    unsigned digit = 0;
    bool dirty = true;
    std::array<std::unique_ptr<Node>, kFanOut> children;
    /// Leaves only.
    Lines lines;

    const LineKey& any_key() const {
        const Node* node = this;
        while (!node->is_leaf) {
            node = std::ranges::find_if(node->children, [](const auto& c) {
                       return c != nullptr;
                   })->get();
        }
        return node->lines.begin()->first;
    }
    void collect(Lines& all) {
        all.merge(lines);
        for (const auto& child : children) {
            if (child) {
                child->collect(all);
            }
        }
    }
};

struct Tree::Place {
    std::string path;
    /// Digits below this are the same in all lines.
    unsigned depth = 0;

    Place child(unsigned digit, unsigned value) const {
        Place below{path, digit + 1};
        if (digit != depth) {
            below.path += "z" + std::to_string(digit) + ".";
        }
        below.path += kHexadecimal[value];
        return below;
    }

    std::string name(TreeId tree) const {
        std::string name(root_name(tree));
        if (path.empty()) {
            return name;
        }
        name += '-';
        if (name.size() + path.size() <= kLongestChainName) {
            return name + path;
        }
        // Greater than any path, and than that of a parent.
        name += "zz";
        name += kHexadecimal[depth / kFanOut];
        name += kHexadecimal[depth % kFanOut];
        return name + short_hash(path);
    }
};

std::string_view root_name(TreeId tree) {
    return kRoots[static_cast<std::size_t>(tree)];
}

std::optional<TreeId> tree_of_chain(std::string_view name) {
    for (const auto tree : kTrees) {
        const auto root = root_name(tree);
        if (name == root || (name.starts_with(root) && name.substr(root.size()).starts_with('-'))) {
            return tree;
        }
    }
    return std::nullopt;
}

Tree::Tree(Family family, TreeId id) : family_(family), id_(id), root_(std::make_unique<Node>()) {}
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

std::unique_ptr<Tree::Node> Tree::build(Lines lines, unsigned depth) const {
    auto node = std::make_unique<Node>();
    node->weight = weight_of(lines);
    if (node->weight > kLeafRules) {
        node->digit = branching_digit(lines, depth);
        node->is_leaf = node->digit == digit_count(lines.begin()->first);
    }
    if (node->is_leaf) {
        node->lines = std::move(lines);
        return node;
    }
    std::array<Lines, kFanOut> parts;
    while (!lines.empty()) {
        const auto value = digit_of(lines.begin()->first, node->digit);
        parts[value].insert(lines.extract(lines.begin()));
    }
    for (unsigned value = 0; value < kFanOut; ++value) {
        if (!parts[value].empty()) {
            node->children[value] = build(std::move(parts[value]), node->digit + 1);
        }
    }
    return node;
}

void Tree::rebuild(std::unique_ptr<Node>& node, const Place& place, Lines lines) {
    remember_gone(*node, place);
    node = build(std::move(lines), place.depth);
}

void Tree::remember_gone(const Node& node, const Place& place) {
    for (unsigned value = 0; value < kFanOut; ++value) {
        if (const auto& child = node.children[value]) {
            const auto below = place.child(node.digit, value);
            gone_.insert(below.name(id_));
            remember_gone(*child, below);
        }
    }
}

std::optional<Target> Tree::set(const LineKey& key, std::optional<Target> target) {
    const Node* node = root_.get();
    while (node != nullptr && !node->is_leaf) {
        node = node->children[digit_of(key, node->digit)].get();
    }
    std::optional<Target> before;
    if (node != nullptr) {
        if (const auto found = node->lines.find(key); found != node->lines.end()) {
            before = found->second;
        }
    }
    if (before != target) {
        change(root_, {}, key, target);
    }
    return before;
}

void Tree::change(std::unique_ptr<Node>& node, const Place& place, const LineKey& key,
                  std::optional<Target>& target) {
    node->dirty = true;
    const auto put = [&](Lines& lines) {
        if (target) {
            lines.insert_or_assign(key, std::move(*target));
        } else {
            lines.erase(key);
        }
    };
    if (node->is_leaf) {
        put(node->lines);
        node->weight = weight_of(node->lines);
        if (node->weight > kLeafRules) {
            rebuild(node, place, std::move(node->lines));
        }
        return;
    }
    const auto any = node->any_key();
    for (unsigned i = place.depth; i < node->digit; ++i) {
        if (digit_of(key, i) != digit_of(any, i)) {  // branches earlier from now on
            Lines lines;
            node->collect(lines);
            put(lines);
            rebuild(node, place, std::move(lines));
            return;
        }
    }
    const auto value = digit_of(key, node->digit);
    auto& child = node->children[value];
    const auto below = place.child(node->digit, value);
    if (!child) {
        child = std::make_unique<Node>();
    }
    const auto before = child->weight;
    change(child, below, key, target);
    node->weight = node->weight - before + child->weight;
    if (child->weight == 0) {
        gone_.insert(below.name(id_));
        child.reset();
    }
    const auto children =
        std::ranges::count_if(node->children, [](const auto& c) { return c != nullptr; });
    if (node->weight <= kLeafRules || children == 1) {
        Lines lines;
        node->collect(lines);
        rebuild(node, place, std::move(lines));
    }
}

Chain Tree::chain(const Node& node, const Place& place) const {
    Chain chain{place.name(id_), {}};
    for (const auto& [key, target] : node.lines) {
        std::ranges::move(rules_of(TreeLine{key, target}), std::back_inserter(chain.rules));
    }
    for (unsigned value = 0; value < kFanOut; ++value) {
        if (const auto& child = node.children[value]) {
            chain.rules.push_back(digit_match(child->any_key(), node.digit) + " -g " +
                                  place.child(node.digit, value).name(id_));
        }
    }
    return chain;
}

template <class Visit>
void Tree::walk(Node& node, const Place& place, bool only_dirty, Visit visit) const {
    if (only_dirty && !node.dirty) {
        return;
    }
    visit(node, place);
    for (unsigned value = 0; value < kFanOut; ++value) {
        if (const auto& child = node.children[value]) {
            walk(*child, place.child(node.digit, value), only_dirty, visit);
        }
    }
}

Tree::Changes Tree::take_changes() {
    Changes changes;
    walk(*root_, {}, true, [&](Node& node, const Place& place) {
        changes.write.push_back(chain(node, place));
        gone_.erase(changes.write.back().name);
        node.dirty = false;
    });
    std::ranges::sort(changes.write, std::ranges::greater{}, &Chain::name);
    changes.remove.assign(gone_.begin(), gone_.end());
    gone_.clear();
    return changes;
}

void Tree::mark_all() {
    walk(*root_, {}, false, [](Node& node, const Place&) { node.dirty = true; });
}

void Tree::mark_gone(std::string chain) {
    gone_.insert(std::move(chain));
}

std::vector<Chain> Tree::chains() const {
    std::vector<Chain> all;
    walk(*root_, {}, false,
         [&](Node& node, const Place& place) { all.push_back(chain(node, place)); });
    return all;
}

std::vector<TreeLine> Tree::lines() const {
    std::vector<TreeLine> all;
    walk(*root_, {}, false, [&](Node& node, const Place&) {
        for (const auto& [key, target] : node.lines) {
            all.push_back({key, target});
        }
    });
    std::ranges::sort(all);
    return all;
}

}  // namespace sy::iptables
