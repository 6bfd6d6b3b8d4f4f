/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a task waits from sched_waking to the switch to it, whatever class or scheduler it has. A task that
 * is woken before it has left its CPU, and so never waits, is not counted.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "tests/bench/counted/waking.h"

char _license[] SEC("license") = "GPL";

struct task_struct {
	int pid;
	unsigned int policy;
	char comm[WAKING_COMM_LEN];
} __attribute__((preserve_access_index));

/* When a task that has no CPU yet was woken. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} woken_ns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WAKING_ROWS_MAX);
	__type(key, struct waking_key);
	__type(value, struct waking_row);
} rows SEC(".maps");

/* A row before anything is counted: too large for the stack. */
static const struct waking_row empty;

static __u32 log2_of(__u64 x)
{
	__u32 bits = 0;

	for (__u32 step = 32; step; step /= 2)
		if (x >> step) {
			x >>= step;
			bits += step;
		}
	return bits;
}

static __u32 bucket_of(__u64 ns)
{
	__u32 octave = log2_of(ns | WAKING_PARTS), shift = octave - WAKING_PARTS_LOG2;
	__u32 bucket = shift * WAKING_PARTS + (__u32)(ns >> shift);

	return bucket < WAKING_BUCKETS ? bucket : WAKING_BUCKETS - 1;
}

static struct waking_row *row_of(struct task_struct *p)
{
	struct waking_key key = { .policy = p->policy };
	struct waking_row *row;

	bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), p->comm);
	row = bpf_map_lookup_elem(&rows, &key);
	if (row)
		return row;
	bpf_map_update_elem(&rows, &key, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&rows, &key);
}

static void record(struct task_struct *p, __u64 waited_ns)
{
	struct waking_row *row = row_of(p);

	if (!row)
		return;
	__sync_fetch_and_add(&row->count, 1);
	__sync_fetch_and_add(&row->buckets[bucket_of(waited_ns)], 1);
	if (waited_ns > row->max_ns) /* two at once may lose the longer: no more than that */
		row->max_ns = waited_ns;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(bench_waking, struct task_struct *p)
{
	__u64 *at = bpf_task_storage_get(&woken_ns, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (at)
		*at = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(bench_switch, bool preempted, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	__u64 *at;

	/* it went on, or goes on, as runnable: the wakeup made it wait for nothing */
	at = prev_state ? NULL : bpf_task_storage_get(&woken_ns, prev, NULL, 0);
	if (at)
		*at = 0;
	at = bpf_task_storage_get(&woken_ns, next, NULL, 0);
	if (at && *at) {
		record(next, bpf_ktime_get_ns() - *at);
		*at = 0;
	}
	return 0;
}
