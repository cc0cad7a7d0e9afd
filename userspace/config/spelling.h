// Guessing what a misspelt word was meant to be.
#pragma once

#include <span>
#include <string_view>

namespace sy {

/// The candidate nearest to `word`; empty if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace sy
