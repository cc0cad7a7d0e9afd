/* Which endpoint of a service. */
#pragma once

#include "bpf/lib/affinity.h"
#include "bpf/lib/count.h"
#include "bpf/lib/language.h"
#include "bpf/lib/service.h"

/* An update is over within one or two reads of ours; who loses more races is in a storm. */
#define SY_PICK_ATTEMPTS 3

/* What an unconnected socket remembers of the VIP it sends to. */
struct sy_memory {
    __u32 known; /* 0: nothing */
    struct sy_connection connection;
};

/* External destinations under external policy Local: for what the node counts as its own. */
static __always_inline bool sy_is_outside(const struct sy_request* request,
                                          const struct sy_settings* config, __u32 flags) {
    const __u32 blind = request->ipv6 ? SY_SETTING_NO_DETECTOR6 : SY_SETTING_NO_DETECTOR4;
    return (flags & SY_SERVICE_INSIDE_ONLY) && (config->flags & blind) &&
           request->netns != config->host_netns;
}

static __always_inline enum sy_decision sy_answer_empty(const struct sy_service* service) {
    if (service->flags & SY_SERVICE_REJECT) return SY_REFUSE;
    sy_count(SY_STAT_EMPTY);
    return SY_LEAVE;
}

static __always_inline enum sy_decision sy_pick_any(struct sy_request* request,
                                                    struct sy_service* service,
                                                    const struct sy_affinity* memory) {
    for (int attempt = 0; attempt < SY_PICK_ATTEMPTS; ++attempt) {
        if (service->count == 0) return sy_answer_empty(service);
        const __u32 position = bpf_get_prandom_u32() % service->count;
        const __u64 slot = sy_read_slot(service, position);
        const __u32 endpoint = sy_slot_endpoint(slot);
        if (sy_slot_owner(slot) == service->id) {
            if (!sy_take(&request->connection, request->ipv6, service, endpoint, position)) break;
            if (memory->used) sy_remember_choice(memory, endpoint, position);
            return SY_TRANSLATE;
        }
        sy_count(SY_STAT_STALE_SLOT);
        if (!sy_read_service(service->id, service)) break;
    }
    sy_count(SY_STAT_MISS);
    return SY_LEAVE;
}

/* The endpoint the socket is used to, if it still is where it was. If the index has been given to
 * another endpoint since, that is a flow of its own. */
static __always_inline enum sy_decision sy_pick_known(struct sy_request* request,
                                                      const struct sy_service* service,
                                                      const struct sy_memory* flow) {
    const struct sy_connection* former = &flow->connection;
    if (!flow->known || former->id != service->id) return SY_LEAVE;
    if (!sy_is_at(service, former->endpoint, former->position)) return SY_LEAVE;
    if (!sy_take(&request->connection, request->ipv6, service, former->endpoint,
                 former->position)) {
        return SY_LEAVE;
    }
    const bool same = request->connection.port == former->port &&
                      sy_same_address(request->connection.address, former->address);
    return same ? SY_CONTINUE : SY_TRANSLATE;
}

/* `flow` may be what the socket remembers. Counts why it leaves the request alone; what it answers
 * otherwise is for the caller to count. */
SY_GLOBAL enum sy_decision sy_pick(struct sy_request* request, const struct sy_settings* config,
                                   __u32 id, const struct sy_memory* flow) {
    if (!request || !config || !flow) return SY_LEAVE;
    struct sy_service service = {};
    struct sy_affinity memory = {};
    __u32 endpoint = 0;
    __u32 position = 0;
    if (!sy_read_service(id, &service) || sy_is_outside(request, config, service.flags)) {
        sy_count(SY_STAT_MISS);
        return SY_LEAVE;
    }
    const enum sy_decision decision = sy_pick_known(request, &service, flow);
    if (decision != SY_LEAVE) return decision;
    sy_read_affinity(&service, request->netns, &memory);
    if (memory.used && sy_recall_choice(&memory, &service, &endpoint, &position) &&
        sy_take(&request->connection, request->ipv6, &service, endpoint, position)) {
        return SY_TRANSLATE;
    }
    return sy_pick_any(request, &service, &memory);
}
