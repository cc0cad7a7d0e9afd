// Sets as the kernel, and nft's listing, know their types.
#pragma once

#include <cstdint>

#include "backends/nftables/schema.h"

struct nftnl_set;
struct nftnl_udata_buf;

namespace sy::nft {

/// What a set is declared as in the kernel. Types are nft's numbers; the kernel only stores them.
struct SetType {
    uint32_t flags = 0;
    uint32_t key_type = 0;
    uint32_t key_size = 0;
    uint32_t data_type = 0;
    uint32_t data_size = 0;

    friend bool operator==(const SetType&, const SetType&) = default;
};
SetType set_type(const SetSchema& set, Family family);

/// nft's own description of the types (`typeof …`), without which it could not list the set in a
/// form that loads again.
void put_set_user_data(nftnl_udata_buf* data, const SetSchema& set, Family family);

/// The anonymous set { tcp, udp, sctp }; `data` is filled and attached.
void describe_transports(nftnl_set* set, nftnl_udata_buf* data);

}  // namespace sy::nft
