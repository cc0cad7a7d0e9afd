// The eBPF backend from outside: sockets are translated, and there is the table of nftables for
// everything else.
#include <algorithm>

#include "tests/support/bpf_view.h"
#include "tests/support/outside_view.h"

namespace sy::lab {
namespace {

/// Whether the socket layer answers for such a client, given a destination it answers for. Sources
/// that are fixed before the endpoint is known are left to the packet path on the node (they may be
/// wrong for the endpoint), not in pods (they have one); so is every pod under masquerade-all, as
/// nothing between a pod and an endpoint could hide the pod's address.
bool translates_socket(const NodeFacts& facts, const Flow& flow) {
    if (flow.kind != Flow::Kind::tcp && flow.kind != Flow::Kind::udp) {
        return false;
    }
    switch (flow.from) {
        case Place::node:
            return flow.any_source;
        case Place::pod1:
        case Place::pod2:
            return !facts.masquerade_all;
        default:
            return false;
    }
}

/// Key of an element of the backend's frontends, as bytes for bpftool.
std::string frontend_key(const IpAddr& address, unsigned port) {
    std::string bytes;
    for (const uint8_t byte : address.bytes()) {
        bytes += std::to_string(byte) + " ";
    }
    constexpr unsigned kTcp = 6;
    return bytes + std::to_string(port / 256) + " " + std::to_string(port % 256) + " " +
           std::to_string(kTcp) + " 0";
}

std::vector<Damage> ebpf_damages(const Lab& lab, Family family) {
    const std::string version = family == Family::ipv4 ? "4" : "6";
    const std::string links = lab.bpf_root() + "/links";
    const auto shell = [](std::string what, const std::string& script) {
        return Damage{std::move(what), {"sh", "-ec", script}};
    };
    const auto pin = [&](const std::string& map) {
        return "$(echo " + lab.bpf_root() + "/*/" + map + ")";
    };
    const auto element = [&](const std::string& verb, const std::string& map,
                             const std::string& key) {
        return "bpftool map " + verb + " pinned " + pin(map) + " key " + key;
    };
    const std::string web = frontend_key(cluster_ip(family, 1), 80);
    const std::string nobody = frontend_key(cluster_ip(family, 99), 80);
    return {
        shell("all pins removed", "rm -r " + lab.bpf_root() + "/*"),
        shell("the pin of a link removed", "rm " + links + "/connect" + version),
        shell("a link detached", "bpftool link detach pinned " + links + "/connect" + version),
        shell("the pin of a map removed", "rm " + pin("frontends" + version)),
        shell("a frontend deleted", element("delete", "frontends" + version, web)),
        shell("a foreign frontend added",
              element("update", "frontends" + version, nobody) + " value 1 0 0 0 1 2 3 4"),
        shell("a frontend that leads elsewhere",
              element("update", "frontends" + version, web) + " value 77 0 0 0 1 2 3 4"),
        shell("services overwritten",
              element("update", "services", "1 0 0 0") + " value 0 0 0 0 0 0 0 0; " +
                  element("update", "services", "2 0 0 0") + " value 0 0 0 0 0 0 0 0"),
        shell("a link and the table", "rm " + links + "/connect" + version + "; nft flush ruleset"),
    };
}

class EbpfView final : public OutsideView {
  public:
    std::set<std::string> as_shown(const NodeFacts& facts, const Flow& flow,
                                   std::set<std::string> expected) const override {
        if (!translates_socket(facts, flow)) {
            return expected;
        }
        // The source is chosen for the endpoint's sake, and nothing on the way changes it:
        // endpoints always see the client's own address. That holds for destinations whose packets
        // would be masqueraded (NodePorts, external IPs, load balancers), for a pod that reaches
        // itself, and for pods that the detector does not know.
        std::set<std::string> shown;
        for (std::string word : expected) {
            constexpr std::string_view kMasqueraded = " masq";
            if (word.ends_with(kMasqueraded)) {
                word.replace(word.size() - kMasqueraded.size(), std::string::npos, " kept");
            }
            shown.insert(std::move(word));
        }
        return shown;
    }

    std::vector<Damage> damages(const Lab& lab, Family family) const override {
        std::vector<Damage> all = ebpf_damages(lab, family);
        std::ranges::move(packets_->damages(lab, family), std::back_inserter(all));
        return all;
    }

    std::string leftovers(const Lab& lab) const override {
        return packets_->leftovers(lab) + list_tree(lab.bpf_root()) +
               attached_programs(*lab.cgroup());
    }

    // Maps are in no tool's words; the packet path is.
    Result<Relisted> relist(const Lab& lab) const override { return packets_->relist(lab); }

    uint64_t stray_drops(const Lab& lab, Family family) const override {
        return packets_->stray_drops(lab, family);
    }

  private:
    std::unique_ptr<OutsideView> packets_ = view_of_nftables();
};

}  // namespace

std::unique_ptr<OutsideView> view_of_ebpf() {
    return std::make_unique<EbpfView>();
}

}  // namespace sy::lab
