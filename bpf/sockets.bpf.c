/* Lists the UDP sockets, of all network namespaces, that are connected through a VIP: reads as a
 * row of struct sy_socket. Attached to the map `connections`. */
#include <linux/in.h>

#include "bpf/abi.h"
#include "bpf/kernel_types.h"
#include "bpf/lib/language.h"

char LICENSE[] SEC("license") = "GPL";

#define SY_AF_INET6 10
#define SY_ESTABLISHED 1

static __always_inline void sy_read_address(__u32* to, const struct in6_addr* from) {
    to[0] = from->in6_u.u6_addr32[0];
    to[1] = from->in6_u.u6_addr32[1];
    to[2] = from->in6_u.u6_addr32[2];
    to[3] = from->in6_u.u6_addr32[3];
}

/* Addresses of a socket in the form of abi.h. */
static __always_inline void sy_read_pair(const struct sock_common* common, struct sy_socket* socket,
                                         __u32* peer) {
    if (common->skc_family != SY_AF_INET6) {
        socket->source[0] = common->skc_rcv_saddr;
        peer[0] = common->skc_daddr;
        return;
    }
    sy_read_address(socket->source, &common->skc_v6_rcv_saddr);
    sy_read_address(peer, &common->skc_v6_daddr);
    if (peer[0] != 0 || peer[1] != 0 || peer[2] != bpf_htonl(0xffff)) {
        socket->ipv6 = 1;
        return;
    }
    socket->mapped = 1;
    socket->source[0] = socket->source[3];
    socket->source[1] = socket->source[2] = socket->source[3] = 0;
    peer[0] = peer[3];
    peer[2] = peer[3] = 0;
}

/* The memory of a connection outlives it: after a connect() to nowhere, one that failed after our
 * hook, and for a moment after close(), which takes the port away. */
static __always_inline bool sy_is_connected_so(const struct sock_common* common, const __u32* peer,
                                               const struct sy_connection* connection) {
    return common->skc_state == SY_ESTABLISHED && common->skc_num != 0 &&
           common->skc_dport == connection->port && peer[0] == connection->address[0] &&
           peer[1] == connection->address[1] && peer[2] == connection->address[2] &&
           peer[3] == connection->address[3];
}

SEC("iter/bpf_sk_storage_map")
int sy_list_sockets(struct bpf_iter__bpf_sk_storage_map* ctx) {
    const struct sock* sk = ctx->sk;
    const struct sy_connection* connection = ctx->value;
    struct sy_socket socket = {};
    __u32 peer[4] = {};
    if (!sk || !connection || sk->sk_protocol != IPPROTO_UDP) return 0;
    sy_read_pair(&sk->__sk_common, &socket, peer);
    if (!sy_is_connected_so(&sk->__sk_common, peer, connection)) return 0;
    socket.cookie = sk->__sk_common.skc_cookie.counter;
    socket.netns = sk->__sk_common.skc_net.net->ns.inum;
    socket.interface = sk->__sk_common.skc_bound_dev_if;
    socket.source_port = bpf_htons(sk->__sk_common.skc_num);
    socket.connection = *connection;
    bpf_seq_write(ctx->meta->seq, &socket, sizeof socket);
    return 0;
}
