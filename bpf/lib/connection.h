/* What a connected socket was translated to; in its storage, so it dies with the socket. */
#pragma once

#include "bpf/lib/request.h"
#include "bpf/maps.h"

static __always_inline bool sy_store_connection(struct bpf_sock* sk,
                                                const struct sy_connection* connection) {
    struct sy_connection* stored =
        bpf_sk_storage_get(&connections, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
    if (!stored) return false;
    *stored = *connection;
    return true;
}

static __always_inline void sy_forget_connection(struct bpf_sock* sk) {
    bpf_sk_storage_delete(&connections, sk);
}

/* If the socket is connected to this endpoint through a VIP: the VIP. */
static __always_inline bool sy_find_vip(struct bpf_sock* sk, const __u32* address, __u16 port,
                                        __u32* vip, __u16* vip_port) {
    const struct sy_connection* stored = bpf_sk_storage_get(&connections, sk, NULL, 0);
    if (!stored || stored->port != port || !sy_same_address(stored->address, address)) return false;
    sy_copy_address(vip, stored->vip);
    *vip_port = stored->vip_port;
    return true;
}

/* If the socket is connected to connection->vip: the rest of it. */
static __always_inline bool sy_find_endpoint(struct bpf_sock* sk,
                                             struct sy_connection* connection) {
    const struct sy_connection* stored = bpf_sk_storage_get(&connections, sk, NULL, 0);
    if (!stored || stored->vip_port != connection->vip_port) return false;
    if (!sy_same_address(stored->vip, connection->vip)) return false;
    *connection = *stored;
    return true;
}
