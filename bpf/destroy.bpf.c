/* Ends UDP sockets of one network namespace by cookie: those whose cookie is in `doomed`. Reads as
 * a row of the cookies (__u64) of the sockets it ended. Walks the namespace of the thread that
 * begins to read. Needs Linux 6.5; an object of its own, because it cannot be loaded before. */
#include "bpf/abi.h"
#include "bpf/kernel_types.h"
#include "bpf/lib/language.h"

char LICENSE[] SEC("license") = "GPL";

extern int bpf_sock_destroy(struct sock_common* sk) __ksym;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024); /* the least; set before the load */
    __type(key, __u64);
    __type(value, __u32);
} doomed SEC(".maps");

SEC("iter/udp")
int sy_destroy_sockets(struct bpf_iter__udp* ctx) {
    struct sock* sk = (struct sock*)ctx->udp_sk;
    if (!sk) return 0;
    const __u64 cookie = sk->__sk_common.skc_cookie.counter;
    if (cookie == 0 || !bpf_map_lookup_elem(&doomed, &cookie)) return 0;
    if (bpf_sock_destroy((struct sock_common*)sk) != 0) return 0;
    bpf_seq_write(ctx->meta->seq, &cookie, sizeof cookie);
    return 0;
}
