/* Words of the language our programs are written in. */
#pragma once

// clang-format off
/* libbpf's headers use types that they do not include. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>
// clang-format on

/* One load of eight bytes that the compiler neither splits nor repeats, of a word that the daemon
 * may be writing. */
static inline __u64 sy_load(const __u64* word) {
    return *(const volatile __u64*)word;
}

/* A function that the verifier checks once, by itself, and not again for each state of each caller:
 * the difference between 1 and 100 milliseconds. Pointers in its arguments may be null to the
 * verifier, and arrays must be inside of structs. */
#define SY_GLOBAL __attribute__((noinline))
