/* What the test program is asked and what it answers; plain C for both sides. */
#pragma once

#include "bpf/abi.h"
#include "bpf/lib/decision.h"

// NOLINTBEGIN(readability-identifier-naming): names of the C side

/* Picks are counted by endpoint index below this. */
#define SY_TEST_ENDPOINTS 64

struct sy_test_question {
    __u64 netns;
    __u32 vip[4];
    __u16 port;
    __u8 protocol;
    __u8 ipv6;
    __u8 fixed_source;
    __u8 loopback_source;
    __u8 reserved[2];
    /* What an unconnected socket remembers of the VIP. */
    __u32 known;
    struct sy_connection memory;
    __u32 reserved2;
    /* The word of the service as it was when the program read it, long ago. */
    __u64 old_service;
    __u32 old_id;
    __u32 reserved3;
};

struct sy_test_answer {
    struct sy_connection connection;
    __u32 id; /* 0: no frontend */
    __u32 skipped;
    __u32 decision; /* enum sy_decision */
    __u32 picks[SY_TEST_ENDPOINTS];
};

// NOLINTEND(readability-identifier-naming)
