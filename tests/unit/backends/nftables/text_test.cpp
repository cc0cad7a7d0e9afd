#include <gtest/gtest.h>

#include "backends/nftables/ast.h"

namespace sy::nft {
namespace {

TEST(NftText, WritesTheTable) {
    TableConfig config;
    std::puts(table_text(config, {}).c_str());
}

}  // namespace
}  // namespace sy::nft
