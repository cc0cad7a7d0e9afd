// Elements that stay for a moment after nobody asks for them any more.
//
// A packet reads the sets twice: before routing, where it is translated, and after it, where the
// source is chosen. If its endpoint leaves in between, the second look-up must still find what
// belongs to the first; otherwise a pod that was just sent to itself would see its own address as
// the client's, and the connection could never be answered.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "backends/ledger.h"
#include "backends/nftables/element.h"

namespace sy::nft {

/// Not thread-safe.
class Lingering {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Stage = Ledger<Element>::Stage;
    /// Far longer than any packet is on its way through one node, even if its processor is taken
    /// away meanwhile.
    static constexpr std::chrono::milliseconds kTime{1000};

    /// What a stage asks for and the kernel need not be told.
    struct Spared {
        std::vector<Element> leaving;
        std::vector<Element> returning;
    };

    /// Takes out of `stage` the removal of what has to linger, and the addition of what does.
    Spared spare(Stage& stage) const;
    /// What is left of that stage has taken effect.
    void note(const Spared& spared, TimePoint now);

    /// Takes out of `removals` what has to linger.
    void keep_leftovers(std::vector<Element>& removals, TimePoint now);

    /// Until the first of them may go; nothing: there is none.
    std::optional<std::chrono::milliseconds> due_in(TimePoint now) const;
    /// Forgets those whose time is over. They are still in the kernel.
    std::vector<Element> take_due(TimePoint now);
    /// All that linger, in order.
    std::vector<Element> all() const;

  private:
    std::map<Element, TimePoint> since_;
};

}  // namespace sy::nft
