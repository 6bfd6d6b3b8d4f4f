/* SPDX-License-Identifier: GPL-2.0-only */
/* What waking.bpf.c counts and waking.c prints: how long tasks waited from their wakeup to a CPU. */
#pragma once

#define WAKING_COMM_LEN 16
#define WAKING_ROWS_MAX 512

/* Each power of two of ns is divided into so many equal buckets. */
#define WAKING_PARTS_LOG2 4
#define WAKING_PARTS      (1 << WAKING_PARTS_LOG2)
#define WAKING_BUCKETS    (40 * WAKING_PARTS)

/* Who waited: the tasks of one name and one scheduling policy (SCHED_*). */
struct waking_key {
	char comm[WAKING_COMM_LEN];
	__u32 policy;
};

struct waking_row {
	__u64 count, max_ns;
	__u32 buckets[WAKING_BUCKETS];
};
