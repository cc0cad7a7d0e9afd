// What a Service is made of in some backend.
#pragma once

#include <vector>

namespace sy {

/// A Service as kernel objects of type E (a regular, ordered value).
template <class E>
struct Fragment {
    /// Objects this Service alone owns, sorted, unique.
    std::vector<E> own;
    /// Objects that other Services may ask for as well, sorted, unique. They are in the kernel
    /// while anyone asks.
    std::vector<E> shared;

    friend bool operator==(const Fragment&, const Fragment&) = default;
};

}  // namespace sy
