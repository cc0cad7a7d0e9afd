/* The few fields of kernel structures that we read. libbpf finds where they are in the running
 * kernel, so order and neighbours do not matter here. */
#pragma once

#include <linux/types.h>

struct bpf_map;
struct seq_file;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
    unsigned int inum;
};

struct net {
    struct ns_common ns;
};

typedef struct {
    struct net* net;
} possible_net_t;

typedef struct {
    __s64 counter;
} atomic64_t;

struct in6_addr {
    union {
        __u32 u6_addr32[4];
    } in6_u;
};

struct sock_common {
    unsigned short skc_family;
    unsigned char skc_state;
    int skc_bound_dev_if;
    __u32 skc_daddr;
    __u32 skc_rcv_saddr;
    __u16 skc_dport; /* network byte order */
    __u16 skc_num;   /* own port, host byte order */
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
    possible_net_t skc_net;
    atomic64_t skc_cookie;
};

struct sock {
    struct sock_common __sk_common;
    __u16 sk_protocol;
};

struct bpf_iter_meta {
    struct seq_file* seq;
};

struct bpf_iter__bpf_sk_storage_map {
    struct bpf_iter_meta* meta;
    struct bpf_map* map;
    struct sock* sk;
    void* value;
};

struct udp_sock;

struct bpf_iter__udp {
    struct bpf_iter_meta* meta;
    struct udp_sock* udp_sk; /* begins with a struct sock */
};

#pragma clang attribute pop
