/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Load of tasks and domains, read from the arena at one instant.
 *
 * The unit is a CPU of the machine's fastest kind. A task's load is the part of such a CPU that it
 * deserves:
 *
 *	load = duty * min(weight, limit) / limit
 *
 * duty is the part of the time that it wants to run, as a decaying average. No task can use more
 * than one CPU, so a weight above the limit is worth no more than the limit: that is the weight which
 * deserves just one CPU, the solution of
 *
 *	sum of duty * min(weight, limit) = limit * capacity of the machine
 *
 * Then all loads together are the machine's capacity. Where the tasks want less than that, nobody
 * competes and weights do not matter: limit is 1 and load is duty.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/shared.h"
#include "util/cleanup.h"

/* A task that wanted to run lately. */
struct load_task {
	wd40_handle handle;
	uint32_t domain;
	uint32_t bound_for; /* where BPF was asked to move it, and not answered yet; else domain */
	float load;
	uint16_t weight;
	bool captive : 1; /* no other domain is allowed */
	bool movable : 1; /* not captive, and nothing is asked of it yet */
	bool kworker : 1;
};

struct load_domain {
	uint32_t node;   /* index */
	double capacity; /* of its online CPUs */
	double load;     /* of the tasks that live in it, and */
	double captive;  /* of those among them that may live nowhere else */
	double coming;   /* of tasks bound for it from elsewhere, less those bound for elsewhere */
};

struct load {
	uint32_t nr_domains;
	struct load_domain *domains;
	struct load_task *tasks; /* in the order of the slab */
	uint32_t nr_tasks;
	double capacity; /* of the machine */
	double mean;     /* load for capacity, of the machine */
	double limit;    /* the highest weight that counts in full */

	/* private */
	uint32_t tasks_room, chunks;
	double *left; /* of an average, after so many periods */
	double *duty_by_weight;
	u64 weights[WD40_WORDS(WD40_MAX_WEIGHT + 1)]; /* that occur */
	double duty, weighted;                        /* of all tasks; duty * weight */
};

int load_new(uint32_t nr_domains, struct load **ret); /* -ENOMEM */
struct load *load_free(struct load *l);
DEFINE_CLEANUP(struct load, load_free)

/*
 * Reads loads as of the scheduler's clock (wd40_clock_ns). Tasks that have slept for 16 half-lives are left out.
 * Allocates only when there are more tasks than ever before: -ENOMEM, and l is empty then.
 */
int load_read(struct load *l, const struct wd40_shared *shared);
