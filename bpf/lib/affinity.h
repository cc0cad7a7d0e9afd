/* ClientIP session affinity. The client is the network namespace: a pod has one address and one
 * namespace. The timeout slides. */
#pragma once

#include "bpf/lib/service.h"

#define SY_NANOSECONDS 1000000000ull

/* The key of the client's memory and how long it is good for. */
struct sy_affinity {
    struct sy_client client;
    __u64 timeout; /* nanoseconds */
    __u64 now;
};

/* False if the service has no affinity. */
static __always_inline bool sy_read_affinity(const struct sy_service* service, __u64 netns,
                                             struct sy_affinity* memory) {
    if (!(service->flags & SY_SERVICE_AFFINITY)) return false;
    const __u64* word = bpf_map_lookup_elem(&affinity, &service->id);
    if (!word) return false;
    const __u64 value = sy_load(word);
    memory->client.netns = netns;
    memory->client.group = sy_affinity_group(value);
    memory->client.reserved = 0;
    memory->timeout = sy_affinity_seconds(value) * SY_NANOSECONDS;
    memory->now = bpf_ktime_get_ns();
    return true;
}

static __always_inline void sy_remember_choice(const struct sy_affinity* memory, __u32 endpoint,
                                               __u32 position) {
    struct sy_choice choice = {};
    choice.endpoint = endpoint;
    choice.position = position;
    choice.last = memory->now;
    bpf_map_update_elem(&clients, &memory->client, &choice, BPF_ANY);
}

/* Where the client's endpoint is now, if its memory is fresh and the endpoint is still one of the
 * service; then the memory is as fresh as new. In long lists an endpoint that moved is not found.
 */
static __always_inline bool sy_recall_choice(const struct sy_affinity* memory,
                                             const struct sy_service* service, __u32* endpoint,
                                             __u32* position) {
    struct sy_choice* choice = bpf_map_lookup_elem(&clients, &memory->client);
    if (!choice || memory->now - choice->last >= memory->timeout) return false;
    const __u32 wanted = choice->endpoint;
    __u32 place = choice->position;
    *endpoint = wanted;
    *position = place;
    if (sy_is_at(service, wanted, place)) {
        choice->last = memory->now;
        return true;
    }
    for (place = 0; place < SY_AFFINITY_WALK; ++place) {
        if (place >= service->count) return false;
        if (sy_is_at(service, wanted, place)) {
            *position = place;
            sy_remember_choice(memory, wanted, place);
            return true;
        }
    }
    return false;
}
