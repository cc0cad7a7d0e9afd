// A difference of the ledger, taken apart by what carries it out.
#pragma once

#include <span>
#include <vector>

#include "backends/ipvs/kernel.h"
#include "backends/ipvs/local_routes.h"
#include "backends/ipvs/object.h"
#include "backends/ledger.h"
#include "backends/nftables/kernel.h"

namespace sy::ipvs {

using Book = Ledger<Object>;

struct Split {
    /// Elements, those that are held back left out.
    std::vector<nft::ElementOp> remove_elements;
    std::vector<nft::ElementOp> add_elements;
    std::vector<ObjectOp<ServerKey>> remove_servers;
    std::vector<ObjectOp<ServerKey>> add_servers;
    /// A target that only differs in how it goes is in neither.
    std::vector<ObjectOp<Target>> remove_targets;
    std::vector<ObjectOp<Target>> add_targets;
    /// Of elements that come and go.
    std::vector<RouteChange> remove_routes;
    std::vector<RouteChange> add_routes;
    /// Elements that lead packets here and are gone for the Services, but not yet for connections
    /// that drain; and such ones that are wanted again.
    std::vector<nft::Element> linger;
    std::vector<nft::Element> return_to_use;
};

Split split(const Book::Stage& stage, const Locality& around);

/// Elements of hairpin that have to be in the table as long as a destination is in use, while its
/// server is led to all the time: before it is added, and until it is removed.
struct Hairpins {
    std::vector<nft::ElementOp> before;
    std::vector<nft::ElementOp> after;
};
/// Takes these out of what goes with the words.
Hairpins take_hairpins(Split& split);

/// The elements among objects.
std::vector<nft::Element> elements_of(std::span<const Object> objects);

}  // namespace sy::ipvs
