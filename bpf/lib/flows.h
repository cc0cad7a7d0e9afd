/* To which VIPs an unconnected UDP socket talks: datagrams to one VIP stay on one endpoint, and
 * replies show the VIP. A small ring in the socket's storage. */
#pragma once

#include "bpf/lib/pick.h"
#include "bpf/lib/request.h"
#include "bpf/maps.h"

/* Stamps grow with every change of the VIP and may wrap around. */
static __always_inline __u32 sy_flow_age(const struct sy_flows* ring, const struct sy_flow* flow) {
    return flow->stamp ? ring->next - flow->stamp : 0xffffffffu;
}

static __always_inline void sy_stamp_flow(struct sy_flows* ring, struct sy_flow* flow) {
    if (flow->stamp && flow->stamp == ring->next) return;
    ring->next += 1;
    if (ring->next == 0) ring->next = 1;
    flow->stamp = ring->next;
}

static __always_inline bool sy_flow_is_to(const struct sy_flow* flow,
                                          const struct sy_connection* connection) {
    return flow->stamp && flow->connection.vip_port == connection->vip_port &&
           sy_same_address(flow->connection.vip, connection->vip);
}

static __always_inline void sy_recall_flow(struct bpf_sock* sk,
                                           const struct sy_connection* connection,
                                           struct sy_memory* memory) {
    struct sy_flows* ring = bpf_sk_storage_get(&flows, sk, NULL, 0);
    if (!ring) return;
    bpf_spin_lock(&ring->lock);
    for (int i = 0; i < SY_FLOWS_PER_SOCKET; ++i) {
        struct sy_flow* flow = &ring->flow[i];
        if (!sy_flow_is_to(flow, connection)) continue;
        sy_stamp_flow(ring, flow);
        memory->known = true;
        memory->connection = flow->connection;
        break;
    }
    bpf_spin_unlock(&ring->lock);
}

/* In place of what the socket remembers of this VIP, or else of the VIP it has not used for the
 * longest time. False if there is no memory for it. */
static __always_inline bool sy_remember_flow(struct bpf_sock* sk,
                                             const struct sy_connection* connection) {
    struct sy_flows* ring = bpf_sk_storage_get(&flows, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
    if (!ring) return false;
    __u32 best = 0;
    __u32 best_age = 0;
    bpf_spin_lock(&ring->lock);
    for (__u32 i = 0; i < SY_FLOWS_PER_SOCKET; ++i) {
        const struct sy_flow* flow = &ring->flow[i];
        if (sy_flow_is_to(flow, connection)) {
            best = i;
            break;
        }
        const __u32 age = sy_flow_age(ring, flow);
        if (age > best_age) {
            best = i;
            best_age = age;
        }
    }
    struct sy_flow* flow = &ring->flow[best & (SY_FLOWS_PER_SOCKET - 1)];
    flow->connection = *connection;
    sy_stamp_flow(ring, flow);
    bpf_spin_unlock(&ring->lock);
    return true;
}

/* The VIP instead of which the endpoint was last sent to. */
static __always_inline bool sy_find_flow_from(struct bpf_sock* sk, const __u32* address, __u16 port,
                                              __u32* vip, __u16* vip_port) {
    struct sy_flows* ring = bpf_sk_storage_get(&flows, sk, NULL, 0);
    if (!ring) return false;
    bool found = false;
    __u32 found_age = 0;
    bpf_spin_lock(&ring->lock);
    for (int i = 0; i < SY_FLOWS_PER_SOCKET; ++i) {
        const struct sy_flow* flow = &ring->flow[i];
        if (!flow->stamp || flow->connection.port != port) continue;
        if (!sy_same_address(flow->connection.address, address)) continue;
        const __u32 age = sy_flow_age(ring, flow);
        if (found && age >= found_age) continue;
        found = true;
        found_age = age;
        sy_copy_address(vip, flow->connection.vip);
        *vip_port = flow->connection.vip_port;
    }
    bpf_spin_unlock(&ring->lock);
    return found;
}
