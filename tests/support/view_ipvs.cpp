// The IPVS backend from outside: the companion table, virtual servers, routes.
#include "tests/support/nft_table_view.h"

namespace sy::lab {
namespace {

constexpr const char* kUnusedMark = "95420400";  // 0x5affff0

class IpvsView final : public NftTableView {
  public:
    IpvsView() : NftTableView("switchyard-ipvs", "nodeports") {}

    // The kernel finds the connection of an answer by the addresses and ports of the client and of
    // the endpoint (ip_vs_conn_out_get), the newest first.
    bool tells_frontends_apart() const override { return false; }

    std::vector<Damage> damages(const Lab& lab, Family family) const override {
        auto all = NftTableView::damages(lab, family);
        const std::string version = family == Family::ipv4 ? "-4" : "-6";
        // The connections of a server that somebody deletes are lost, so none is.
        all.push_back({"a server with our tag added",
                       family == Family::ipv4
                           ? std::vector<std::string>{"ipvsadm", "-A", "-f", kUnusedMark}
                           : std::vector<std::string>{"ipvsadm", "-A", "-f", kUnusedMark, "-6"}});
        all.push_back({"the routes deleted",
                       {"ip", version, "route", "flush", "table", "local", "proto", "88"}});
        return all;
    }

    std::string leftovers(const Lab& lab) const override {
        return NftTableView::leftovers(lab) + listed(lab, {"ipvsadm", "-S", "-n"}) +
               listed(lab, {"ip", "route", "show", "table", "local", "proto", "88"}) +
               listed(lab, {"ip", "-6", "route", "show", "table", "local", "proto", "88"});
    }
};

}  // namespace

std::unique_ptr<OutsideView> view_of_ipvs() {
    return std::make_unique<IpvsView>();
}

}  // namespace sy::lab
