/* Statistics of the programs and counters of the services; both per CPU. */
#pragma once

#include "bpf/maps.h"

static __always_inline void sy_count(enum sy_statistic statistic) {
    __u32 key = statistic;
    __u64* value = bpf_map_lookup_elem(&statistics, &key);
    if (value) *value += 1;
}

static __always_inline struct sy_counters* sy_counters_of(__u32 id) {
    const __u32 key = id / SY_COUNTERS_PER_BLOCK;
    struct sy_counter_block* block = bpf_map_lookup_elem(&counters, &key);
    return block ? &block->of[id % SY_COUNTERS_PER_BLOCK] : NULL;
}

static __always_inline void sy_count_connection(__u32 id) {
    struct sy_counters* value = sy_counters_of(id);
    if (value) value->connections += 1;
}

static __always_inline void sy_count_refusal(__u32 id) {
    struct sy_counters* value = sy_counters_of(id);
    if (value) value->refusals += 1;
}
