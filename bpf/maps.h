/* All maps. Sizes here are the least; the daemon sets the real ones before it loads (those of
 * switchyard.bpf.c's object; others are given its maps). */
#pragma once

#include "bpf/abi.h"
#include "bpf/lib/language.h"

/* Frontends. Without preallocation: memory follows what is used. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1024);
    __type(key, struct sy_frontend4);
    __type(value, __u64);
} frontends4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1024);
    __type(key, struct sy_frontend6);
    __type(value, __u64);
} frontends6 SEC(".maps");

/* Mapped arrays. Elements have 8 bytes or a multiple: the kernel rounds others up, so that they
 * would not lie side by side in the mapping. */
#define SY_MAPPED_ARRAY(name, value_type)  \
    struct {                               \
        __uint(type, BPF_MAP_TYPE_ARRAY);  \
        __uint(map_flags, BPF_F_MMAPABLE); \
        __uint(max_entries, 1024);         \
        __type(key, __u32);                \
        __type(value, value_type);         \
    } name SEC(".maps")

SY_MAPPED_ARRAY(services, __u64);
SY_MAPPED_ARRAY(slots, __u64);
SY_MAPPED_ARRAY(endpoints4, __u64);
SY_MAPPED_ARRAY(endpoints6, struct sy_endpoint6);
SY_MAPPED_ARRAY(affinity, __u64);
SY_MAPPED_ARRAY(names, struct sy_name);
SY_MAPPED_ARRAY(baselines, struct sy_counters);

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct sy_settings);
} settings SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1024 / SY_COUNTERS_PER_BLOCK);
    __type(key, __u32);
    __type(value, struct sy_counter_block);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, SY_STAT_COUNT);
    __type(key, __u32);
    __type(value, __u64);
} statistics SEC(".maps");

/* Addresses that serve NodePorts. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, __u32);
} node_addresses4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1024);
    __uint(key_size, 16);
    __uint(value_size, 4); /* a type of one of the two only is refused by the kernel */
} node_addresses6 SEC(".maps");

/* What a client was given last. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, struct sy_client);
    __type(value, struct sy_choice);
} clients SEC(".maps");

/* What a socket is connected to; dies with the socket. */
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, struct sy_connection);
} connections SEC(".maps");

/* To which VIPs an unconnected UDP socket talks. */
struct sy_flow {
    struct sy_connection connection;
    __u32 stamp; /* the greatest is the latest; 0: empty */
};
struct sy_flows {
    struct bpf_spin_lock lock;
    __u32 next; /* stamp */
    struct sy_flow flow[SY_FLOWS_PER_SOCKET];
};
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, struct sy_flows);
} flows SEC(".maps");

/* Sockets that keep to the packet path: by cookie of the network namespace, by id of a cgroup the
 * process is in or below. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1024);
    __type(key, __u64);
    __type(value, __u32);
} skip_netns SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1024);
    __type(key, __u64);
    __type(value, __u32);
} skip_cgroups SEC(".maps");

/* Ring buffers of struct sy_event, put here by observers. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, SY_OBSERVERS);
    __type(key, __u32);
    __array(
        values, struct {
            __uint(type, BPF_MAP_TYPE_RINGBUF);
            __uint(max_entries, 4096);
        });
} observers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct sy_layout);
} layout SEC(".maps");
