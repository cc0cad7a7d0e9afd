// How somebody else on the node sees a backend's kernel objects, and what he can do to them.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "tests/support/lab.h"
#include "tests/support/probe.h"

namespace sy::lab {

/// A command line of another program that damages what the backend wrote.
struct Damage {
    std::string what;
    std::vector<std::string> command;
};

/// What the backend's tool lists, and what it lists after reading that into an empty namespace. The
/// order of elements and what passes by itself (remaining lifetimes) are left out.
struct Relisted {
    std::multiset<std::string> here;
    std::multiset<std::string> there;
};

/// One backend, in one form, from outside.
class OutsideView {
  public:
    virtual ~OutsideView() = default;

    /// What new connections of a flow show (words of describe()) where kube-proxy, and a backend
    /// that translates packets, would show `expected`. `facts` are those the backend was given
    /// last.
    virtual std::set<std::string> as_shown(const NodeFacts& facts, const Flow& flow,
                                           std::set<std::string> expected) const;
    /// Whether two connections from one client port stay apart that reach one endpoint through
    /// different frontends.
    virtual bool tells_frontends_apart() const { return true; }
    /// Ways to damage the objects of a family. Some address objects of the Service "shop/web" of
    /// cases_sync.cpp: ClusterIP cluster_ip(family, 1), port 80/TCP.
    virtual std::vector<Damage> damages(const Lab& lab, Family family) const = 0;
    /// All kernel objects of the backend, in the words of its tool; empty if there are none.
    virtual std::string leftovers(const Lab& lab) const = 0;
    /// Takes away what the backend's tools leave of any use, when nothing is in the kernel any
    /// more.
    virtual void sweep(const Lab& /*lab*/) const {}
    virtual Result<Relisted> relist(const Lab& lab) const = 0;
    /// How many stray segments of endpoints the kernel has dropped.
    virtual uint64_t stray_drops(const Lab& lab, Family family) const = 0;
};

std::unique_ptr<OutsideView> view_of_nftables();
std::unique_ptr<OutsideView> view_of_ebpf();
std::unique_ptr<OutsideView> view_of_iptables_legacy();
std::unique_ptr<OutsideView> view_of_iptables_nft();
std::unique_ptr<OutsideView> view_of_ipvs();

/// What a command prints in the node's namespace; or "error: …".
std::string listed(const Lab& lab, const std::vector<std::string>& command);
/// The words of a text, commas left out.
std::multiset<std::string> words_of(const std::string& text);

/// Puts foreign objects next to ours, in every tool's and family's form that the kernel knows.
void plant_foreign(const Lab& lab);
/// The foreign objects as listed by their tools.
std::string list_foreign(const Lab& lab);
void remove_foreign(const Lab& lab);

}  // namespace sy::lab
