/* What happens to a socket that asks for a destination, or shows one. */
#pragma once

#include <linux/errno.h>
#include <linux/in.h>

#include "bpf/lib/connection.h"
#include "bpf/lib/count.h"
#include "bpf/lib/flows.h"
#include "bpf/lib/frontend.h"
#include "bpf/lib/observe.h"
#include "bpf/lib/pick.h"
#include "bpf/lib/skip.h"

/* 1: programs may choose the error of a refused call (bpf_set_retval, Linux 5.18). 0: they may not,
 * and refusals are left to the packet path. */
const volatile __u8 sy_can_refuse = 1;

static __always_inline const struct sy_settings* sy_get_settings(void) {
    __u32 key = 0;
    return bpf_map_lookup_elem(&settings, &key);
}

/* Id of the service if the request is for us, 0: to the packet path. */
static __always_inline __u32 sy_enter(struct sy_request* request,
                                      const struct sy_settings* config) {
    const __u32 id = sy_find_service(request, config);
    if (id == 0) return 0;
    if (sy_skips(request, config)) {
        sy_count(SY_STAT_SKIPPED);
        return 0;
    }
    request->connection.id = id;
    return id;
}

/* The call fails with ECONNREFUSED. */
static __always_inline enum sy_decision sy_refuse(const struct sy_request* request,
                                                  const struct sy_settings* config) {
    if (!sy_can_refuse) {
        sy_count(SY_STAT_EMPTY);
        return SY_LEAVE;
    }
    sy_count(SY_STAT_REFUSED);
    sy_count_refusal(request->connection.id);
    sy_observe(request, config, SY_VERDICT_REFUSED);
    bpf_set_retval(-ECONNREFUSED);
    return SY_REFUSE;
}

static __always_inline enum sy_decision sy_translate(const struct sy_request* request,
                                                     const struct sy_settings* config) {
    sy_count(SY_STAT_HIT);
    sy_count_connection(request->connection.id);
    sy_observe(request, config, SY_VERDICT_TRANSLATED);
    return SY_TRANSLATE;
}

/* Puts what the socket is to be connected to into its storage, where UDP and getpeername need it.
 * False if there is no memory and the connection cannot do without. */
static __always_inline bool sy_keep(struct bpf_sock_addr* ctx, struct bpf_sock* sk,
                                    const struct sy_request* request,
                                    const struct sy_settings* config) {
    const bool udp = request->protocol == IPPROTO_UDP;
    if (!udp && !(config->flags & SY_SETTING_PEERNAME)) {
        sy_forget_connection(sk);
        return true;
    }
    if (!sy_store_connection(sk, &request->connection)) {
        sy_count(SY_STAT_NO_STORAGE);
        return !udp;
    }
    /* A socket has no cookie before somebody asks, and it cannot be ended without. */
    if (udp) bpf_get_socket_cookie(ctx);
    return true;
}

/* UDP is never refused: programs connect once and keep the socket, so it must work when endpoints
 * come. And never translated without storage: replies would come from a stranger, and nobody could
 * end the socket. */
static __always_inline enum sy_decision sy_connect(struct bpf_sock_addr* ctx, struct bpf_sock* sk,
                                                   struct sy_request* request) {
    const struct sy_settings* config = sy_get_settings();
    const struct sy_memory nothing = {};
    if (!config) return SY_LEAVE;
    request->connect = true;
    request->netns = bpf_get_netns_cookie(ctx);
    const __u32 id = sy_enter(request, config);
    const enum sy_decision decision = id ? sy_pick(request, config, id, &nothing) : SY_LEAVE;
    if (decision == SY_TRANSLATE) {
        return sy_keep(ctx, sk, request, config) ? sy_translate(request, config) : SY_LEAVE;
    }
    sy_forget_connection(sk);
    if (decision != SY_REFUSE) return SY_LEAVE;
    if (request->protocol == IPPROTO_TCP) return sy_refuse(request, config);
    sy_count(SY_STAT_EMPTY);
    return SY_LEAVE;
}

static __always_inline enum sy_decision sy_send_unconnected(struct bpf_sock_addr* ctx,
                                                            struct bpf_sock* sk,
                                                            struct sy_request* request) {
    const struct sy_settings* config = sy_get_settings();
    struct sy_memory memory = {};
    if (!config) return SY_LEAVE;
    request->netns = bpf_get_netns_cookie(ctx);
    const __u32 id = sy_enter(request, config);
    if (id == 0) return SY_LEAVE;
    sy_recall_flow(sk, &request->connection, &memory);
    const enum sy_decision decision = sy_pick(request, config, id, &memory);
    if (decision == SY_CONTINUE) sy_count(SY_STAT_STICKY);
    if (decision == SY_REFUSE) return sy_refuse(request, config);
    if (decision != SY_TRANSLATE) return decision;
    if (!sy_remember_flow(sk, &request->connection)) {
        sy_count(SY_STAT_NO_STORAGE);
        return SY_LEAVE;
    }
    return sy_translate(request, config);
}

/* Also called for every send() of connected IPv6 sockets that speak IPv4, then with the endpoint. A
 * connected socket hears its endpoint only, so what it sends to the VIP must go there. */
static __always_inline enum sy_decision sy_send(struct bpf_sock_addr* ctx, struct bpf_sock* sk,
                                                struct sy_request* request) {
    if (sk->dst_port == 0) return sy_send_unconnected(ctx, sk, request);
    return sy_find_endpoint(sk, &request->connection) ? SY_CONTINUE : SY_LEAVE;
}

/* Whom a datagram shall seem to come from. `from_peer`: the socket is connected to the sender now;
 * what it remembers of the time before then says nothing. */
static __always_inline bool sy_receive(struct bpf_sock* sk, const __u32* address, __u16 port,
                                       bool from_peer, __u32* vip, __u16* vip_port) {
    if (sk->dst_port != 0 && sy_find_vip(sk, address, port, vip, vip_port)) return true;
    return !from_peer && sy_find_flow_from(sk, address, port, vip, vip_port);
}
