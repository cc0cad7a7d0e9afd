/* The socket hooks: what the libraries need is taken out of the context, what they answer is put
 * in. The context is read and written as whole 32-bit words with constant offsets only. */
#include "bpf/lib/socket.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline bool sy_is_ours(const struct bpf_sock_addr* ctx) {
    return ctx->protocol == IPPROTO_TCP || ctx->protocol == IPPROTO_UDP;
}

static __always_inline void sy_read_address6(const struct bpf_sock_addr* ctx, __u32* address) {
    address[0] = ctx->user_ip6[0];
    address[1] = ctx->user_ip6[1];
    address[2] = ctx->user_ip6[2];
    address[3] = ctx->user_ip6[3];
}

static __always_inline void sy_write_address6(struct bpf_sock_addr* ctx, const __u32* address) {
    ctx->user_ip6[0] = address[0];
    ctx->user_ip6[1] = address[1];
    ctx->user_ip6[2] = address[2];
    ctx->user_ip6[3] = address[3];
}

/* The destination of an IPv4 flow. */
static __always_inline void sy_ask4(struct sy_request* request, const struct bpf_sock_addr* ctx,
                                    __u32 address, __u32 source) {
    request->connection.vip[0] = address;
    request->connection.vip_port = (__u16)ctx->user_port;
    request->protocol = (__u8)ctx->protocol;
    request->fixed_source = source != 0;
    request->loopback_source = sy_is_loopback(&source, false);
}

static __always_inline void sy_ask6(struct sy_request* request, const struct bpf_sock_addr* ctx,
                                    const __u32* address, const __u32* source) {
    sy_copy_address(request->connection.vip, address);
    request->connection.vip_port = (__u16)ctx->user_port;
    request->protocol = (__u8)ctx->protocol;
    request->ipv6 = true;
    request->fixed_source = !sy_is_unspecified(source);
    request->loopback_source = sy_is_loopback(source, true);
}

static __always_inline int sy_answer4(struct bpf_sock_addr* ctx, const struct sy_request* request,
                                      enum sy_decision decision) {
    if (decision == SY_REFUSE) return 0;
    if (decision == SY_LEAVE) return 1;
    ctx->user_ip4 = request->connection.address[0];
    ctx->user_port = request->connection.port;
    return 1;
}

static __always_inline int sy_answer6(struct bpf_sock_addr* ctx, const struct sy_request* request,
                                      enum sy_decision decision) {
    if (decision == SY_REFUSE) return 0;
    if (decision == SY_LEAVE) return 1;
    if (request->ipv6) {
        sy_write_address6(ctx, request->connection.address);
    } else {
        ctx->user_ip6[3] = request->connection.address[0];
    }
    ctx->user_port = request->connection.port;
    return 1;
}

SEC("cgroup/connect4")
int sy_connect4(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    struct sy_request request = {};
    if (!sk || !sy_is_ours(ctx)) return 1;
    sy_ask4(&request, ctx, ctx->user_ip4, sk->src_ip4);
    return sy_answer4(ctx, &request, sy_connect(ctx, sk, &request));
}

SEC("cgroup/connect6")
int sy_connect6(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    struct sy_request request = {};
    __u32 address[4];
    if (!sk || !sy_is_ours(ctx)) return 1;
    const __u32 source[4] = {sk->src_ip6[0], sk->src_ip6[1], sk->src_ip6[2], sk->src_ip6[3]};
    sy_read_address6(ctx, address);
    if (sy_is_mapped(address)) {
        sy_ask4(&request, ctx, address[3], source[3]);
    } else {
        sy_ask6(&request, ctx, address, source);
    }
    return sy_answer6(ctx, &request, sy_connect(ctx, sk, &request));
}

SEC("cgroup/sendmsg4")
int sy_sendmsg4(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    struct sy_request request = {};
    if (!sk || ctx->protocol != IPPROTO_UDP) return 1;
    sy_ask4(&request, ctx, ctx->user_ip4, ctx->msg_src_ip4);
    return sy_answer4(ctx, &request, sy_send(ctx, sk, &request));
}

/* IPv4 on IPv6 sockets comes to sendmsg4. */
SEC("cgroup/sendmsg6")
int sy_sendmsg6(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    struct sy_request request = {};
    __u32 address[4];
    if (!sk || ctx->protocol != IPPROTO_UDP) return 1;
    const __u32 source[4] = {ctx->msg_src_ip6[0], ctx->msg_src_ip6[1], ctx->msg_src_ip6[2],
                             ctx->msg_src_ip6[3]};
    sy_read_address6(ctx, address);
    if (sy_is_mapped(address)) return 1;
    sy_ask6(&request, ctx, address, source);
    return sy_answer6(ctx, &request, sy_send(ctx, sk, &request));
}

SEC("cgroup/recvmsg4")
int sy_recvmsg4(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    const __u32 address[4] = {ctx->user_ip4};
    const __u16 port = (__u16)ctx->user_port;
    __u32 vip[4];
    __u16 vip_port;
    if (!sk || ctx->protocol != IPPROTO_UDP) return 1;
    const bool from_peer = sk->dst_ip4 == address[0] && sk->dst_port == port;
    if (!sy_receive(sk, address, port, from_peer, vip, &vip_port)) return 1;
    ctx->user_ip4 = vip[0];
    ctx->user_port = vip_port;
    return 1;
}

/* The family of a flow from what an IPv6 socket calls an address; returns true if it is IPv4, which
 * then is in the first word. */
static __always_inline bool sy_unmap(__u32* address) {
    if (!sy_is_mapped(address)) return false;
    address[0] = address[3];
    address[2] = 0;
    address[3] = 0;
    return true;
}

static __always_inline void sy_show6(struct bpf_sock_addr* ctx, bool mapped, const __u32* vip,
                                     __u16 vip_port) {
    if (mapped) {
        ctx->user_ip6[3] = vip[0];
    } else {
        sy_write_address6(ctx, vip);
    }
    ctx->user_port = vip_port;
}

SEC("cgroup/recvmsg6")
int sy_recvmsg6(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    const __u16 port = (__u16)ctx->user_port;
    __u32 address[4];
    __u32 vip[4];
    __u16 vip_port;
    if (!sk || ctx->protocol != IPPROTO_UDP) return 1;
    const __u32 peer[4] = {sk->dst_ip6[0], sk->dst_ip6[1], sk->dst_ip6[2], sk->dst_ip6[3]};
    sy_read_address6(ctx, address);
    const bool from_peer = sy_same_address(peer, address) && sk->dst_port == port;
    const bool mapped = sy_unmap(address);
    if (!sy_receive(sk, address, port, from_peer, vip, &vip_port)) return 1;
    sy_show6(ctx, mapped, vip, vip_port);
    return 1;
}

SEC("cgroup/getpeername4")
int sy_getpeername4(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    const __u32 address[4] = {ctx->user_ip4};
    __u32 vip[4];
    __u16 vip_port;
    if (!sk || !sy_is_ours(ctx)) return 1;
    if (!sy_find_vip(sk, address, (__u16)ctx->user_port, vip, &vip_port)) return 1;
    ctx->user_ip4 = vip[0];
    ctx->user_port = vip_port;
    return 1;
}

SEC("cgroup/getpeername6")
int sy_getpeername6(struct bpf_sock_addr* ctx) {
    struct bpf_sock* sk = ctx->sk;
    __u32 address[4];
    __u32 vip[4];
    __u16 vip_port;
    if (!sk || !sy_is_ours(ctx)) return 1;
    sy_read_address6(ctx, address);
    const bool mapped = sy_unmap(address);
    if (!sy_find_vip(sk, address, (__u16)ctx->user_port, vip, &vip_port)) return 1;
    sy_show6(ctx, mapped, vip, vip_port);
    return 1;
}
