// All programs that may be running: each has begun after the last grace period and may stop for any
// time between two of its loads.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tests/support/fake_ebpf_kernel.h"
#include "tests/unit/backends/ebpf/random_cluster.h"

namespace sy::ebpf {

/// Told of every state the maps go through, it knows everything a program may have seen and checks
/// where that may lead it: only to endpoints of a list that the frontend leads to, or did since the
/// grace period.
class SlowReader {
  public:
    /// These may be reached as well from now on.
    void allow(const Reach& reach) { allowed_.add(reach); }
    /// A grace period is over: nobody remembers anything. `reach`: what holds now.
    void grace(const Reach& reach) {
        ids_.clear();
        words_.clear();
        slots_.clear();
        allowed_ = reach;
    }

    /// One more state.
    void look(FakeMaps& maps) {
        ++now_;
        see(maps);
        for (const auto& [frontend, ids] : ids_) {
            for (const auto& [id, since] : ids) {
                follow(maps, frontend, id, since);
            }
        }
    }

  private:
    void see(FakeMaps& maps) {
        const auto see_frontends = [&](const auto& words, const auto& check) {
            for (const auto& [key, word] : words) {
                ASSERT_EQ(sy_frontend_check(word), check(&key));
                const auto id = sy_frontend_id(word);
                ASSERT_NE(id, 0U);
                ids_[describe(key)].try_emplace(id, now_);
            }
        };
        see_frontends(maps.frontends4->words, sy_check4);
        see_frontends(maps.frontends6->words, sy_check6);
        for (uint32_t id = 1; id < maps.services->size(); ++id) {
            words_[id].try_emplace(maps.services->at(id), now_, now_).first->second.last = now_;
        }
        for (uint32_t position = 0; position < maps.slots->size(); ++position) {
            const auto word = maps.slots->at(position);
            if (word != 0) {
                slots_[position][word] = now_;
            }
        }
    }

    /// A program loads the id, then the word, then the slot, each at any time after the one before;
    /// the endpoint it loads now.
    void follow(FakeMaps& maps, const FrontendText& frontend, uint32_t id, int since) {
        const auto allowed = allowed_.of(frontend);
        for (const auto& [word, seen] : words_[id]) {
            const auto base = sy_service_base(word);
            const uint32_t count = seen.last < since ? 0 : sy_service_count(word);
            for (uint32_t n = 0; n < count; ++n) {
                for (const auto& [slot, last] : slots_[base + n]) {
                    if (last < std::max(seen.first, since) || sy_slot_owner(slot) != id) {
                        continue;
                    }
                    const auto found =
                        endpoint_at(maps, frontend.address.ip.family(), sy_slot_endpoint(slot));
                    EXPECT_TRUE(allowed.contains(found))
                        << frontend.address.ip.to_string() << " leads to " << found.ip.to_string();
                }
            }
        }
    }

    static EndpointAddr endpoint_at(FakeMaps& maps, Family family, uint32_t index) {
        if (family == Family::ipv4) {
            const auto word = maps.endpoints4->at(index);
            return {address4(sy_endpoint4_address(word)), port_of(sy_endpoint4_port(word))};
        }
        const auto& record = maps.endpoints6->at(index);
        return {address6(record.address), port_of(record.port)};
    }

    struct Seen {
        int first = 0;
        int last = 0;
    };
    int now_ = 0;
    /// When each was seen: ids first, slots last.
    std::map<FrontendText, std::map<uint32_t, int>> ids_;
    std::map<uint32_t, std::map<uint64_t, Seen>> words_;
    std::map<uint32_t, std::map<uint64_t, int>> slots_;
    Reach allowed_;
};

}  // namespace sy::ebpf
