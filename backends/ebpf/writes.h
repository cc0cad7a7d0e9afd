// How a difference gets into the maps: in which order, and each store.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/ebpf/entry.h"
#include "backends/ebpf/kernel.h"
#include "backends/ebpf/pools.h"
#include "base/names.h"

namespace sy::ebpf {

/// A stage of the ledger in the order in which it is carried out. A program that runs at any time
/// in between finds each frontend's old endpoints or its new ones (docs/ebpf.md).
struct Writes {
    /// First, one after the other. `owner` as in the stage.
    std::vector<ObjectOp<Entry>> stores;
    /// Then the frontends that are new or lead elsewhere, then those that are gone, whose `word` is
    /// the one they had.
    std::vector<Frontend4> put4;
    std::vector<Frontend6> put6;
    std::vector<Frontend4> erase4;
    std::vector<Frontend6> erase6;
};
/// Consumes what `stage` adds. Frontends that are put are not erased.
Writes order(const Book::Stage& stage);

/// An element of a frontend hash: `entry` is a frontend.
Frontend4 frontend4(const Entry& entry);
Frontend6 frontend6(const Entry& entry);

/// Stores one entry (no frontend) where it belongs; others may be reading. `owner` and `pools` give
/// the text of names. False: it was there already.
bool store(const Entry& entry, const ServiceName& owner, const Pools& pools, const Arrays& arrays);
/// The id stands for nothing any more.
void clear_name(uint32_t id, const Arrays& arrays);
void clear_service(uint32_t id, const Arrays& arrays);

/// The record for people.
sy_name name_record(const ServiceName& owner, std::string_view port, const Label& label);
/// The text of a record, whatever it holds.
std::string_view name_text(const sy_name& record);

}  // namespace sy::ebpf
