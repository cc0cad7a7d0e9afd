// A model of an API server that holds Services: values in, bytes out, no clock and no sockets.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace sy {

/// One resource with its history. Every answer is as a real server's, and the faults are those a
/// real one, or the network before it, has.
class ModelServer {
  public:
    enum class WatchList : uint8_t { works, refused, ignored };

    struct Answer {
        unsigned status = 200;
        std::string body;
        /// The body goes on with live().
        bool stays_open = false;
    };

    ModelServer(uint32_t seed, WatchList watch_list) : random_(seed), watch_list_(watch_list) {}

    void put(const std::string& name, int port);
    void remove(const std::string& name);
    /// Forgets the history up to now.
    void compact() { floor_ = revision_; }

    /// Answers a request. While `faulty` it may refuse for no reason.
    Answer answer(std::string_view target, bool faulty);
    /// What happened on the open watch since the last call.
    std::string live(bool faulty);
    /// By name.
    const std::map<std::string, int>& objects() const { return ports_; }

  private:
    struct Change {
        int revision = 0;
        std::string type;
        std::string object;
    };

    std::optional<std::string> parameter(std::string_view target, std::string_view name) const;
    Answer watch(int from);
    Answer watch_with_list();
    Answer page(std::string_view target);
    std::vector<std::string> shuffled_objects();
    bool chance(unsigned one_in) { return random_() % one_in == 0; }

    std::mt19937 random_;
    WatchList watch_list_;
    std::map<std::string, int> ports_;
    std::map<std::string, int> versions_;
    std::vector<Change> history_;
    int revision_ = 1;
    int floor_ = 0;
    int told_ = 0;  // of the open watch
    /// The list that is being told in pages.
    std::vector<std::string> snapshot_;
    int snapshot_revision_ = 0;
};

}  // namespace sy
