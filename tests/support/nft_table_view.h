// A backend's nftables table from outside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/outside_view.h"

namespace sy::lab {

class NftTableView : public OutsideView {
  public:
    /// The table's name, and one of its maps besides frontends.
    NftTableView(std::string_view table, std::string_view other_map)
        : table_(table), other_map_(other_map) {}

    std::vector<Damage> damages(const Lab& lab, Family family) const override;
    std::string leftovers(const Lab& lab) const override;
    Result<Relisted> relist(const Lab& lab) const override;
    uint64_t stray_drops(const Lab& lab, Family family) const override;

  private:
    std::string table_;
    std::string other_map_;
};

}  // namespace sy::lab
