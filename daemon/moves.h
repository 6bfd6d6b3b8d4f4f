/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to BPF to move tasks, and their answers (struct wd40_move in bpf/shared.h). Each request
 * ends once: answered by BPF as applied, refused or stale; found stale here, when its task died
 * before BPF could know of it; or withdrawn, when its task has fallen asleep, since what was good for
 * the balance then may not be when it wakes up.
 *
 *	requested = sum of answers + withdrawn + pending
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/shared.h"
#include "util/cleanup.h"

struct moves_counts {
	uint64_t requested;
	uint64_t answers[WD40_NR_MOVE_ANSWERS]; /* those from WD40_MOVE_APPLIED on */
	uint64_t withdrawn;
	uint32_t pending;
};

struct moves;

int moves_new(struct moves **ret); /* -ENOMEM */
struct moves *moves_free(struct moves *m);
DEFINE_CLEANUP(struct moves, moves_free)

/* How many more requests fit. */
uint32_t moves_room(const struct moves *m);

/*
 * Asks BPF to move the task to a domain. False, and nothing is asked or counted, when the task has
 * ended, a request for it is pending already, or there is no room.
 */
bool moves_request(struct moves *m, struct wd40_shared *shared, wd40_handle task, uint32_t target);

/* How a request has ended. answer: from WD40_MOVE_APPLIED on, or WD40_MOVE_FREE: withdrawn. */
typedef void (*moves_ended)(wd40_handle task, enum wd40_move_answer answer, void *userdata);

/* Takes in the answers that there are; ended is called for each. */
void moves_collect(struct moves *m, struct wd40_shared *shared, moves_ended ended, void *userdata);

const struct moves_counts *moves_counts(const struct moves *m);

/* How many of those that were applied went to the domain. */
uint64_t moves_applied_to(const struct moves *m, uint32_t domain);
