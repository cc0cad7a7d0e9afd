/* Whether a destination is a frontend, and of which service. */
#pragma once

#include "bpf/lib/count.h"
#include "bpf/lib/language.h"
#include "bpf/lib/request.h"
#include "bpf/maps.h"

/* What a lookup can find besides an id. */
#define SY_NO_FRONTEND 0u
#define SY_TORN_FRONTEND 0xffffffffu

/* Elements of the hash are reused at once, also under us: the word tells for which key it is. */
static __always_inline __u32 sy_frontend_of_word(const __u64* word, __u32 check) {
    if (!word) return SY_NO_FRONTEND;
    const __u64 value = sy_load(word);
    return sy_frontend_check(value) == check ? sy_frontend_id(value) : SY_TORN_FRONTEND;
}

static __always_inline __u32 sy_find_frontend4(const struct sy_request* request, __u32 address,
                                               __u8 scope) {
    struct sy_frontend4 key = {};
    key.address = address;
    key.port = request->connection.vip_port;
    key.protocol = request->protocol;
    key.scope = scope;
    return sy_frontend_of_word(bpf_map_lookup_elem(&frontends4, &key), sy_check4(&key));
}

static __always_inline __u32 sy_find_frontend6(const struct sy_request* request,
                                               const __u32* address, __u8 scope) {
    struct sy_frontend6 key = {};
    sy_copy_address(key.address, address);
    key.port = request->connection.vip_port;
    key.protocol = request->protocol;
    key.scope = scope;
    return sy_frontend_of_word(bpf_map_lookup_elem(&frontends6, &key), sy_check6(&key));
}

/* Loopback serves NodePorts to the node only: a pod's loopback is the pod's own. A connect() to the
 * unspecified address goes to loopback. */
static __always_inline bool sy_serves_node_ports(const struct sy_request* request,
                                                 const struct sy_settings* config) {
    const __u32* vip = request->connection.vip;
    if (sy_is_loopback(vip, request->ipv6) || sy_is_unspecified(vip)) {
        const __u32 served = request->ipv6 ? SY_SETTING_LOOPBACK6 : SY_SETTING_LOOPBACK4;
        return (config->flags & served) && request->netns == config->host_netns;
    }
    /* A copy: Linux 6.1 takes no argument of a function as a key. */
    __u32 address[4];
    sy_copy_address(address, vip);
    if (request->ipv6) return bpf_map_lookup_elem(&node_addresses6, address);
    return bpf_map_lookup_elem(&node_addresses4, address);
}

/* Id of the service behind request->connection.vip, 0: none that we can answer for. */
SY_GLOBAL __u32 sy_find_service(const struct sy_request* request,
                                const struct sy_settings* config) {
    if (!request || !config) return 0;
    const __u32* vip = request->connection.vip;
    const __u32 anywhere[4] = {};
    __u32 id = request->ipv6 ? sy_find_frontend6(request, vip, SY_SCOPE_ADDRESS)
                             : sy_find_frontend4(request, vip[0], SY_SCOPE_ADDRESS);
    if (id == SY_NO_FRONTEND && sy_serves_node_ports(request, config)) {
        id = request->ipv6 ? sy_find_frontend6(request, anywhere, SY_SCOPE_NODEPORT)
                           : sy_find_frontend4(request, 0, SY_SCOPE_NODEPORT);
    }
    if (id == SY_TORN_FRONTEND) {
        sy_count(SY_STAT_STALE_KEY);
        return 0;
    }
    if (id == SY_NO_FRONTEND) sy_count(SY_STAT_MISS);
    return id;
}
