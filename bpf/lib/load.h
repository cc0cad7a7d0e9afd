/* Reading what the daemon may be writing. */
#pragma once

#include <linux/types.h>

/* One load of eight bytes that the compiler neither splits nor repeats. */
static inline __u64 sy_load(const __u64* word) {
    return *(const volatile __u64*)word;
}
