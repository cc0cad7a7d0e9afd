// Elements in nft's own words.
#pragma once

#include <string>

#include "backends/nftables/element.h"

namespace sy::nft {

/// "10.96.0.1 . tcp . 80 : 0:403". An element whose size does not fit its set prints as "".
std::string element_text(const Element& element);
/// A word in tc handle notation: "0:403", "none" for 0.
std::string word_text(uint32_t word);
/// A packet mark: "0x05a00001".
std::string mark_text(uint32_t mark);

}  // namespace sy::nft
