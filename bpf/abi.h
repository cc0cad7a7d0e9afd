/* What the BPF programs and the daemon agree on: keys, values, constants. Plain C for both sides;
 * nothing conditional. A change of anything in here is another layout: maps pinned by a daemon with
 * another layout are not adopted but rebuilt beside (docs/ebpf.md).
 *
 * Addresses and ports are in network byte order everywhere. An IPv4 address inside a 128-bit field
 * is in the first word, the others are zero; the family is always known from elsewhere.
 *
 * Whatever a program reads while the daemon may write it is one aligned 8-byte word, and every such
 * word carries an echo of who it was written for. A reader that lost a race sees a foreign echo.
 */
#pragma once

#include <linux/types.h>

/* Frontends: on which addresses Services are reached. Key padding is zero by construction. */

/* Scope of a frontend key. */
#define SY_SCOPE_ADDRESS 0  /* exactly this address */
#define SY_SCOPE_NODEPORT 1 /* address zero: every address that serves NodePorts */

struct sy_frontend4 {
    __u32 address;
    __u16 port;
    __u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    __u8 scope;
};

struct sy_frontend6 {
    __u32 address[4];
    __u16 port;
    __u8 protocol;
    __u8 scope;
};

/* One step of a 32-bit multiplicative hash (the constant is 2^32 divided by the golden ratio). */
static inline __u32 sy_mix(__u32 hash, __u32 word) {
    hash = (hash ^ word) * 0x9e3779b1U;
    return hash ^ (hash >> 15);
}

/* The echo of a frontend key in its value: elements of a hash are reused at once, also under a
 * reader that has just found one. */
static inline __u32 sy_check4(const struct sy_frontend4* key) {
    __u32 hash = sy_mix(0x5157, key->address);
    return sy_mix(hash, ((__u32)key->port << 16) | ((__u32)key->protocol << 8) | key->scope);
}

static inline __u32 sy_check6(const struct sy_frontend6* key) {
    __u32 hash = sy_mix(0x5159, key->address[0]);
    hash = sy_mix(hash, key->address[1]);
    hash = sy_mix(hash, key->address[2]);
    hash = sy_mix(hash, key->address[3]);
    return sy_mix(hash, ((__u32)key->port << 16) | ((__u32)key->protocol << 8) | key->scope);
}

/* Value of a frontend: service id in bits 0..31, check in bits 32..63. Id 0 is never used. */
static inline __u64 sy_frontend_word(__u32 id, __u32 check) {
    return ((__u64)check << 32) | id;
}
static inline __u32 sy_frontend_id(__u64 word) {
    return (__u32)word;
}
static inline __u32 sy_frontend_check(__u64 word) {
    return (__u32)(word >> 32);
}

/* Services: an id stands for one endpoint list of one Service port in one family. */

#define SY_SERVICE_REJECT \
    1 /* refuse at once; only with count 0. Without: the packet path answers */
#define SY_SERVICE_AFFINITY 2 /* ClientIP session affinity, see sy_affinity_word */
/* External destination under external policy Local: only for clients the node counts as its own.
 * Without a detector of local pods these are sockets of the node's namespace only. */
#define SY_SERVICE_INSIDE_ONLY 4

/* Word of services[id]: first slot in bits 0..31, number of slots 32..47, flags 48..63. */
static inline __u64 sy_service_word(__u32 base, __u16 count, __u16 flags) {
    return ((__u64)flags << 48) | ((__u64)count << 32) | base;
}
static inline __u32 sy_service_base(__u64 word) {
    return (__u32)word;
}
static inline __u16 sy_service_count(__u64 word) {
    return (__u16)(word >> 32);
}
static inline __u16 sy_service_flags(__u64 word) {
    return (__u16)(word >> 48);
}

/* Word of slots[position]: endpoint index in bits 0..31, id of the owning service 32..63. */
static inline __u64 sy_slot_word(__u32 endpoint, __u32 owner) {
    return ((__u64)owner << 32) | endpoint;
}
static inline __u32 sy_slot_endpoint(__u64 word) {
    return (__u32)word;
}
static inline __u32 sy_slot_owner(__u64 word) {
    return (__u32)(word >> 32);
}

/* Word of endpoints4[index]: address in bits 0..31, port 32..47, 48..63 zero; 0: free. Index 0 is
 * never used, in either family. */
static inline __u64 sy_endpoint4_word(__u32 address, __u16 port) {
    return ((__u64)port << 32) | address;
}
static inline __u32 sy_endpoint4_address(__u64 word) {
    return (__u32)word;
}
static inline __u16 sy_endpoint4_port(__u64 word) {
    return (__u16)(word >> 32);
}

/* endpoints6[index]. Too large for one load: a record is written once, while nobody refers to it,
 * and its index is reused only after a grace period. Port 0: free. */
struct sy_endpoint6 {
    __u32 address[4];
    __u16 port;
    __u16 reserved[7];
};

/* Word of affinity[id]: timeout in seconds in bits 0..31, group 32..63. Ids of one group (the lists
 * of one Service port) share the memory of clients; the group is one of these ids. */
static inline __u64 sy_affinity_word(__u32 seconds, __u32 group) {
    return ((__u64)group << 32) | seconds;
}
static inline __u32 sy_affinity_seconds(__u64 word) {
    return (__u32)word;
}
static inline __u32 sy_affinity_group(__u64 word) {
    return (__u32)(word >> 32);
}

/* names[id]: what the id stands for, for people. Written before the id is published; never read by
 * a program. */
struct sy_name {
    __u8 ipv6;     /* 1: IPv6 */
    __u8 protocol; /* IPPROTO_… */
    __u8 list;     /* 0: endpoints of the cluster, 1: of this node */
    __u8 reserved;
    /* "namespace/service:port", or without the colon for a port without a name; ends with zeros
     * (63 + 1 + 63 + 1 + 63 letters at most, Kubernetes' limits of names). */
    char text[196];
};

/* Connections translated and connections refused. */
struct sy_counters {
    __u64 connections;
    __u64 refusals;
};

/* counters[id / SY_COUNTERS_PER_BLOCK].of[id % SY_COUNTERS_PER_BLOCK], per CPU. In blocks, because
 * the kernel allocates every element of such an array by itself: one per id would take longer than
 * all the rest of a first load. They only ever grow. */
#define SY_COUNTERS_PER_BLOCK 64
struct sy_counter_block {
    struct sy_counters of[SY_COUNTERS_PER_BLOCK];
};

/* baselines[id]: what counters had when the id was given to whom it stands for now (struct
 * sy_counters, the sum over all CPUs). Never read by a program. */

/* clients, an LRU hash: which endpoint a client was given last. A client is a network namespace: a
 * pod has one address and one namespace. */
struct sy_client {
    __u64 netns; /* cookie */
    __u32 group; /* see sy_affinity_word */
    __u32 reserved;
};
struct sy_choice {
    __u32 endpoint;
    __u32 position; /* counted from the service's base */
    __u64 last;     /* nanoseconds of CLOCK_MONOTONIC */
};

/* connections, socket storage: what a socket was connected to, and instead of what. Kept across
 * layouts, so this is the one value that must not change lightly. */
struct sy_connection {
    __u32 vip[4];
    __u32 address[4]; /* of the endpoint */
    __u16 vip_port;
    __u16 port;
    __u32 endpoint; /* index */
    __u32 position; /* counted from the service's base */
    __u32 id;
};

/* settings[0], mapped. */
/* TCP: getpeername shows the VIP. */
#define SY_SETTING_PEERNAME 1u
/* Only sockets of the node's namespace are translated. */
#define SY_SETTING_HOST_ONLY 2u
/* Pods cannot be told from others in this family, see SY_SERVICE_INSIDE_ONLY. */
#define SY_SETTING_NO_DETECTOR4 4u
#define SY_SETTING_NO_DETECTOR6 8u
/* NodePorts are served on 127.0.0.0/8, or ::1, to the node itself. */
#define SY_SETTING_LOOPBACK4 16u
#define SY_SETTING_LOOPBACK6 32u
/* skip_netns or skip_cgroups is not empty. */
#define SY_SETTING_SKIP 64u

struct sy_settings {
    __u64 host_netns;    /* cookie of the node's network namespace */
    __u64 observe_until; /* CLOCK_MONOTONIC; events are told to observers until then. 0: nobody */
    __u32 flags;         /* SY_SETTING_… */
    __u32 reserved;
};

/* observers: an array of ring buffers, one per `switchyard observe`; each gets every event. */
#define SY_OBSERVERS 8

/* statistics[n], per CPU, __u64. */
enum sy_statistic {
    SY_STAT_MISS,       /* not a frontend of ours */
    SY_STAT_HIT,        /* translated */
    SY_STAT_REFUSED,    /* refused at once */
    SY_STAT_EMPTY,      /* frontend without endpoints, left to the packet path */
    SY_STAT_STALE_KEY,  /* the element was reused while we read it */
    SY_STAT_STALE_SLOT, /* a slot of another service: read again */
    SY_STAT_STICKY,     /* an unconnected UDP socket went on with its endpoint */
    SY_STAT_NO_STORAGE, /* no memory for the socket's storage, left to the packet path if UDP */
    SY_STAT_SKIPPED,    /* opted out, or source address already fixed */
    SY_STAT_UNTOLD,     /* events the first observer had no room for; then those of the others */
    SY_STAT_COUNT = SY_STAT_UNTOLD + SY_OBSERVERS,
};

enum sy_verdict {
    SY_VERDICT_TRANSLATED,
    SY_VERDICT_REFUSED,
};

/* One connection, or the first datagram of an unconnected socket to a VIP. */
struct sy_event {
    __u64 time; /* nanoseconds of CLOCK_MONOTONIC */
    __u64 cgroup;
    __u64 netns; /* cookie */
    __u32 pid;   /* process (thread group) */
    __u32 uid;
    char command[16];
    __u32 vip[4];
    __u32 address[4]; /* of the endpoint; zero: refused */
    __u16 vip_port;
    __u16 port;
    __u32 id;
    __u8 ipv6; /* 1: IPv6. Sockets of IPv6 that speak IPv4 count as IPv4 */
    __u8 protocol;
    __u8 verdict;   /* enum sy_verdict */
    __u8 connected; /* 0: unconnected UDP */
    __u32 reserved;
};

/* layout[0]: what the maps of a folder are. Pinned last, so a folder without it was never
 * finished. */
struct sy_layout {
    __u64 abi;     /* hash of this header */
    __u64 program; /* hash of the programs the links were given last; 0: none */
};

/* What the iterator over socket storage tells of a UDP socket that is connected through a VIP. */
struct sy_socket {
    __u64 cookie;
    __u32 netns;     /* inode number */
    __u32 interface; /* it is bound to, 0: none */
    __u32 source[4];
    __u16 source_port;
    __u8 ipv6;   /* the address family of the flow */
    __u8 mapped; /* 1: an IPv6 socket that speaks IPv4 */
    __u32 reserved;
    struct sy_connection connection;
};

/* Upper bound of the walk that looks for a client's endpoint which has moved in its list. */
#define SY_AFFINITY_WALK 64
/* VIPs an unconnected UDP socket talks to at the same time, with replies told apart. */
#define SY_FLOWS_PER_SOCKET 4
