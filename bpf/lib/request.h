/* What a socket asks for, apart from the hook it asks through. */
#pragma once

#include "bpf/abi.h"
#include "bpf/lib/decision.h"
#include "bpf/lib/language.h"

struct sy_request {
    /* The caller sets vip and vip_port, all else is zero; a translation fills in the rest. */
    struct sy_connection connection;
    __u64 netns;   /* cookie of the socket's network namespace */
    __u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    bool ipv6;     /* of the flow: an IPv6 socket that speaks IPv4 asks for IPv4 */
    bool connect;  /* false: a datagram of an unconnected socket */
    bool loopback_source;
    bool fixed_source; /* the socket has a source address before the route is known */
    __u8 reserved[3];  /* no gap: old kernels want every byte set that a function is given */
};

/* Addresses of both families are four words, see abi.h. */
static __always_inline bool sy_same_address(const __u32* one, const __u32* other) {
    return one[0] == other[0] && one[1] == other[1] && one[2] == other[2] && one[3] == other[3];
}

static __always_inline void sy_copy_address(__u32* to, const __u32* from) {
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
}

static __always_inline bool sy_is_loopback(const __u32* address, bool ipv6) {
    if (!ipv6) return (address[0] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
    return address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] == bpf_htonl(1);
}

static __always_inline bool sy_is_unspecified(const __u32* address) {
    return (address[0] | address[1] | address[2] | address[3]) == 0;
}

/* ::ffff:0:0/96: IPv4 on an IPv6 socket. */
static __always_inline bool sy_is_mapped(const __u32* address) {
    return address[0] == 0 && address[1] == 0 && address[2] == bpf_htonl(0xffff);
}
