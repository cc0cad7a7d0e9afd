// A look at what the socket hooks do, while they do it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backends/ebpf/observe/observation.h"
#include "base/result.h"

namespace sy::ebpf {

/// Where to look.
struct ObservedPlaces {
    /// Folder of pins.
    std::string bpf_root;
    /// A folder of the hierarchy in which names of cgroups are looked up; empty: anywhere.
    std::string cgroup_root;
    /// Where the locks of observers are.
    std::string run_folder = "/run/switchyard";
};

/// Puts a ring buffer into a free slot of the map `observers`, and keeps the programs telling it
/// what they do for as long as it is asked to. It needs no daemon. The destructor takes the ring
/// away; of an observer that was killed the programs stop telling after five seconds, and the next
/// one clears its slot. One thread.
class Observer {
  public:
    using Take = std::function<void(const Observation&)>;

    virtual ~Observer() = default;

    /// Becomes readable when there are events.
    virtual int fd() const = 0;
    /// Hands all events that are there to `take`.
    virtual void drain(const Take& take) = 0;
    /// To be called every second: keeps the programs telling, and follows a daemon that has made
    /// new maps. An error means that there is nothing to look at any more.
    virtual Result<void> renew() = 0;
    /// Events that there was no room for, from the beginning.
    virtual uint64_t lost() const = 0;
};

/// The error tells if mode ebpf is not at work there, or if there are too many observers.
Result<std::unique_ptr<Observer>> make_observer(const ObservedPlaces& places);

}  // namespace sy::ebpf
