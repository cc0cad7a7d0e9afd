// How somebody else on the node sees a backend's kernel objects, and what he can do to them. The
// only file of the shared suite that knows a backend by name; a new backend adds its lines here,
// and what its clients see differently.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/support/backend_fixture.h"

namespace sy::lab {

/// What new connections of a flow show (words of describe()) where kube-proxy, and a backend that
/// translates packets, would show `expected`. `facts` are those the backend was given last.
std::set<std::string> as_shown(const BackendEntry& entry, const NodeFacts& facts, const Flow& flow,
                               std::set<std::string> expected);

/// A command line of another program that damages what the backend wrote.
struct Damage {
    std::string what;
    std::vector<std::string> command;
};

/// Ways to damage the objects of a family. Some address objects of the Service "shop/web" of
/// cases_sync.cpp: ClusterIP cluster_ip(family, 1), port 80/TCP.
std::vector<Damage> damages(const Lab& lab, const BackendEntry& entry, Family family);

/// All kernel objects of the backend, in the words of its tool; empty if there are none.
std::string leftovers(const Lab& lab, const BackendEntry& entry);

/// What the backend's tool lists, and what it lists after reading that into an empty namespace. The
/// order of elements and what passes by itself (remaining lifetimes) are left out.
struct Relisted {
    std::multiset<std::string> here;
    std::multiset<std::string> there;
};
Result<Relisted> relist(const Lab& lab, const BackendEntry& entry);

/// How many stray segments of endpoints the kernel has dropped.
uint64_t stray_drops(const Lab& lab, const BackendEntry& entry, Family family);

/// Puts foreign objects next to ours, in every tool's and family's form that the kernel knows.
void plant_foreign(const Lab& lab);
/// The foreign objects as listed by their tools.
std::string list_foreign(const Lab& lab);
void remove_foreign(const Lab& lab);

}  // namespace sy::lab
