/* Runs what the hooks are made of without a hook: a question in, an answer out. */
#include "bpf/lib/pick.h"

#include "bpf/lib/frontend.h"
#include "bpf/lib/skip.h"
#include "tests/bpf/pick.h"

char LICENSE[] SEC("license") = "GPL";

struct sy_test_question question;
struct sy_test_answer answer;

static __always_inline void sy_test_ask(struct sy_request* request) {
    sy_copy_address(request->connection.vip, question.vip);
    request->connection.vip_port = question.port;
    request->netns = question.netns;
    request->protocol = question.protocol;
    request->ipv6 = question.ipv6 != 0;
    request->fixed_source = question.fixed_source != 0;
    request->loopback_source = question.loopback_source != 0;
}

static __always_inline int sy_test_answer(const struct sy_request* request,
                                          enum sy_decision decision) {
    const __u32 endpoint = request->connection.endpoint;
    answer.connection = request->connection;
    answer.decision = decision;
    if (endpoint < SY_TEST_ENDPOINTS) answer.picks[endpoint] += 1;
    return 0;
}

/* All of it. */
SEC("tc")
int sy_test_pick(struct __sk_buff* skb) {
    struct sy_request request = {};
    __u32 key = 0;
    const struct sy_settings* config = bpf_map_lookup_elem(&settings, &key);
    const struct sy_memory memory = {question.known, question.memory};
    (void)skb;
    if (!config) return 0;
    sy_test_ask(&request);
    answer.id = sy_find_service(&request, config);
    if (answer.id == 0) return sy_test_answer(&request, SY_LEAVE);
    answer.skipped = sy_skips_socket(&request, config);
    if (answer.skipped) return sy_test_answer(&request, SY_LEAVE);
    return sy_test_answer(&request, sy_pick(&request, config, answer.id, &memory));
}

/* The choice of a slot by a program that has read the service before it changed. */
SEC("tc")
int sy_test_pick_late(struct __sk_buff* skb) {
    struct sy_request request = {};
    struct sy_service service = {question.old_id, sy_service_base(question.old_service),
                                 sy_service_count(question.old_service),
                                 sy_service_flags(question.old_service)};
    const struct sy_affinity memory = {};
    (void)skb;
    sy_test_ask(&request);
    return sy_test_answer(&request, sy_pick_any(&request, &service, &memory));
}
