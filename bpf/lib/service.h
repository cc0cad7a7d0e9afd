/* Services, their slots and the endpoints in them. */
#pragma once

#include "bpf/lib/load.h"
#include "bpf/lib/request.h"
#include "bpf/maps.h"

struct sy_service {
    __u32 id;
    __u32 base;
    __u32 count;
    __u32 flags;
};

/* False if there is no such id. All fields are of the same moment. */
static __always_inline bool sy_read_service(__u32 id, struct sy_service* service) {
    const __u64* word = bpf_map_lookup_elem(&services, &id);
    if (!word) return false;
    const __u64 value = sy_load(word);
    service->id = id;
    service->base = sy_service_base(value);
    service->count = sy_service_count(value);
    service->flags = sy_service_flags(value);
    return true;
}

/* Word of the slot at a position of the service, 0: no such slot. */
static __always_inline __u64 sy_read_slot(const struct sy_service* service, __u32 position) {
    const __u32 slot = service->base + position;
    const __u64* word = bpf_map_lookup_elem(&slots, &slot);
    return word ? sy_load(word) : 0;
}

/* Whether what is remembered of an endpoint still holds. */
static __always_inline bool sy_is_at(const struct sy_service* service, __u32 endpoint,
                                     __u32 position) {
    return position < service->count &&
           sy_read_slot(service, position) == sy_slot_word(endpoint, service->id);
}

/* Fills in the endpoint; its address always comes from its record, never from a memory, so a reused
 * index deceives nobody. False if the record is free. */
static __always_inline bool sy_take(struct sy_connection* connection, bool ipv6,
                                    const struct sy_service* service, __u32 endpoint,
                                    __u32 position) {
    connection->endpoint = endpoint;
    connection->position = position;
    connection->id = service->id;
    if (ipv6) {
        const struct sy_endpoint6* record = bpf_map_lookup_elem(&endpoints6, &endpoint);
        if (!record || record->port == 0) return false;
        sy_copy_address(connection->address, record->address);
        connection->port = record->port;
        return true;
    }
    const __u64* word = bpf_map_lookup_elem(&endpoints4, &endpoint);
    const __u64 value = word ? sy_load(word) : 0;
    connection->address[0] = sy_endpoint4_address(value);
    connection->port = sy_endpoint4_port(value);
    return value != 0;
}
