/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The load of domains over time. Load is the weight of the tasks that want to run there, in units of
 * base weight, per CPU of capacity 1024; it is averaged over windows of BALANCE_WINDOW_NS. A domain's error
 * in a window is how far its load is from that of the machine as a whole, relative to the latter; the
 * window's errors are the mean and the largest of its domains with CPUs. Windows without load have none.
 *
 * A series keeps at most BALANCE_POINTS points: when it is full neighbours become one.
 */
#pragma once

#include <stdbool.h>

#include "bpf/shared.h"

#define BALANCE_WINDOW_NS 100000000ull
#define BALANCE_POINTS    512u

/* What all CPUs together did, up to a time or in a window. */
struct balance_sums {
	u64 idle_queued_ns; /* idle while tasks waited that they could have served */
	double work_ns,
		due_ns; /* work done, and what the ideal would have done, where that is known */
};

struct balance_point {
	u64 end_ns;
	double error_mean, error_max; /* 1 = 100 % */
	u32 nr_errors;                /* windows that have an error */
	u64 nr_waits, wait_sum_ns, wait_max_ns;
	struct balance_sums sums;
	double *loads; /* by domain */
};

struct balance_domain {
	u64 weight;   /* that wants to run now */
	u32 capacity; /* of CPUs online, 1024 = one */
	u32 nr_waiting;
	u64 counted_at_ns;
	double weight_ns; /* weight x time in this window */
};

struct balance {
	struct balance_domain *domains;
	u32 nr_domains;
	struct balance_point *points, window;
	u32 nr_points;
	u32 windows_per_point, nr_in_last; /* windows that the last point has */
	struct balance_sums sums;          /* up to the last window's end */
};

int balance_init(struct balance *b, u32 nr_domains, u64 now_ns); /* -ENOMEM */
void balance_done(struct balance *b);

/* Weight and waiting tasks come (positive) or go. */
void balance_add(struct balance *b, u32 domain, s64 weight, s32 waiting, u64 now_ns);
void balance_add_capacity(struct balance *b, u32 domain, s32 capacity);
void balance_add_wait(struct balance *b, u64 wait_ns);

/* Whether windows are over by now, which balance_close then closes. */
static inline bool balance_is_due(const struct balance *b, u64 now_ns)
{
	return now_ns >= b->window.end_ns;
}

/* To be called before the changes of now_ns. sums: all up to now. */
void balance_close(struct balance *b, u64 now_ns, const struct balance_sums *sums);

/* Over the windows since the point of that index; error_max: the largest. */
void balance_errors(const struct balance *b, u32 first_point, double *ret_mean, double *ret_max);

/* Work done as a part of what was due, over the same; negative when nothing was that is known. */
double balance_throughput(const struct balance *b, u32 first_point);
