// Clients that never stop connecting, while the test changes the world under them.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "tests/support/probe.h"

namespace sy::lab {

/// Opens one new connection after the other from a thread of its own until it is stopped.
class Traffic {
  public:
    Traffic(const Lab& lab, const Flow& flow);
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;
    ~Traffic() { stop(); }

    const Flow& flow() const { return flow_; }
    /// How many connections have ended so far.
    unsigned long count() const { return count_; }
    /// Waits until `n` more connections have ended.
    void wait_for(unsigned long n) const;
    /// Ends the thread; outcomes in the words of describe(), and how often.
    const std::map<std::string, unsigned long>& stop();

  private:
    Flow flow_;
    std::atomic<bool> stopping_ = false;
    std::atomic<unsigned long> count_ = 0;
    std::map<std::string, unsigned long> outcomes_;
    std::thread thread_;
};

}  // namespace sy::lab
