/* Telling observers. */
#pragma once

#include "bpf/lib/count.h"
#include "bpf/lib/language.h"
#include "bpf/lib/request.h"
#include "bpf/maps.h"

SY_GLOBAL int sy_tell(const struct sy_request* request, __u64 now, __u8 verdict) {
    if (!request) return 0;
    const __u64 process = bpf_get_current_pid_tgid();
    struct sy_event event = {};
    event.time = now;
    event.cgroup = bpf_get_current_cgroup_id();
    event.netns = request->netns;
    event.pid = process >> 32;
    event.uid = (__u32)bpf_get_current_uid_gid();
    bpf_get_current_comm(event.command, sizeof event.command);
    sy_copy_address(event.vip, request->connection.vip);
    event.vip_port = request->connection.vip_port;
    event.id = request->connection.id;
    event.ipv6 = request->ipv6;
    event.protocol = request->protocol;
    event.verdict = verdict;
    event.connected = request->connect;
    if (verdict == SY_VERDICT_TRANSLATED) {
        sy_copy_address(event.address, request->connection.address);
        event.port = request->connection.port;
    }
    for (__u32 i = 0; i < SY_OBSERVERS; ++i) {
        const __u32 key = i; /* else the verifier loses sight of the counter */
        void* ring = bpf_map_lookup_elem(&observers, &key);
        if (ring && bpf_ringbuf_output(ring, &event, sizeof event, 0)) sy_count(SY_STAT_UNTOLD + i);
    }
    return 0;
}

static __always_inline void sy_observe(const struct sy_request* request,
                                       const struct sy_settings* config, __u8 verdict) {
    const __u64 until = sy_load(&config->observe_until);
    if (until == 0) return;
    const __u64 now = bpf_ktime_get_ns();
    if (now < until) sy_tell(request, now, verdict);
}
