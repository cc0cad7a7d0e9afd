// Owners of libnftnl objects.
#pragma once

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include <memory>
#include <new>

namespace sy::nft {

template <auto F>
struct FreeWith {
    template <class T>
    void operator()(T* object) const {
        F(object);
    }
};
using TableObject = std::unique_ptr<nftnl_table, FreeWith<nftnl_table_free>>;
using SetObject = std::unique_ptr<nftnl_set, FreeWith<nftnl_set_free>>;
using ChainObject = std::unique_ptr<nftnl_chain, FreeWith<nftnl_chain_free>>;
using RuleObject = std::unique_ptr<nftnl_rule, FreeWith<nftnl_rule_free>>;
using UserData = std::unique_ptr<nftnl_udata_buf, FreeWith<nftnl_udata_buf_free>>;

/// libnftnl returns a null pointer only when memory is exhausted.
template <class T>
T* allocated(T* object) {
    if (object == nullptr) {
        throw std::bad_alloc();
    }
    return object;
}

/// The type of our fingerprint among a table's or rule's user data, away from those nft uses.
inline constexpr uint8_t kFingerprintType = 83;

}  // namespace sy::nft
