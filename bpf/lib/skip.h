/* Sockets that keep to the packet path although their destination is a frontend. */
#pragma once

#include "bpf/lib/language.h"
#include "bpf/lib/request.h"
#include "bpf/maps.h"

/* Deepest level of cgroups that is looked at, besides the process's own. */
#define SY_CGROUP_LEVELS 16

/* Opted out by their network namespace. */
static __always_inline bool sy_skips_netns(__u64 netns) {
    return bpf_map_lookup_elem(&skip_netns, &netns);
}

/* Opted out by a cgroup the process is in or below. */
static __always_inline bool sy_skips_cgroup(void) {
    __u64 cgroup = bpf_get_current_cgroup_id();
    if (bpf_map_lookup_elem(&skip_cgroups, &cgroup)) return true;
    for (int level = 0; level < SY_CGROUP_LEVELS; ++level) {
        cgroup = bpf_get_current_ancestor_cgroup_id(level);
        if (cgroup == 0) return false;
        if (bpf_map_lookup_elem(&skip_cgroups, &cgroup)) return true;
    }
    return false;
}

/* A source address that was chosen before the endpoint is known may be one the endpoint cannot
 * answer to; the packet path hides it behind another. Pods have one address, so theirs is right. */
static __always_inline bool sy_has_wrong_source(const struct sy_request* request,
                                                const struct sy_settings* config) {
    return request->loopback_source ||
           (request->fixed_source && request->netns == config->host_netns);
}

/* Without a look at the process. */
static __always_inline bool sy_skips_socket(const struct sy_request* request,
                                            const struct sy_settings* config) {
    if (sy_has_wrong_source(request, config)) return true;
    if ((config->flags & SY_SETTING_HOST_ONLY) && request->netns != config->host_netns) return true;
    return (config->flags & SY_SETTING_SKIP) && sy_skips_netns(request->netns);
}

SY_GLOBAL int sy_skips(const struct sy_request* request, const struct sy_settings* config) {
    if (!request || !config) return true;
    return sy_skips_socket(request, config) ||
           ((config->flags & SY_SETTING_SKIP) && sy_skips_cgroup());
}
