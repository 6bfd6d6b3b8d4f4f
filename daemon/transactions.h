/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of the configuration at run time, as transactions: all or nothing, numbered, and on request
 * on trial. Pure: no clock, no timer, no scheduler; whoever calls brings the effective values into
 * force after each change.
 *
 * T1 Each change of effective values gets the next generation, and nothing else does.
 * T2 A request that is refused has changed nothing.
 * T3 One trial at a time; it may be of values that were in force before, and has their generation then.
 *    While it lasts nothing else changes: other requests are refused as busy. So taking it back restores
 *    exactly what was before.
 * T4 What ended the scheduler during its trial is not set again, unless that was confirmed by hand.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "daemon/refusal.h"

struct transactions;

/* Bytes for the name of a run of the daemon: 32 hexadecimal digits. */
#define INSTANCE_SIZE 33

/*
 * The configuration is borrowed. Its generation is 1 at first; instance tells the generations of this run
 * from those of all others. -ENOMEM.
 */
int transactions_new(struct config *config, const char instance[INSTANCE_SIZE],
		     struct transactions **ret);
struct transactions *transactions_free(struct transactions *t);
DEFINE_CLEANUP(struct transactions, transactions_free)

/* How a change is wanted. */
struct transaction_terms {
	struct config_author author;
	const char *expected_instance; /* NULL: whichever it is */
	bool expects_generation;       /* else whatever it is */
	uint64_t expected_generation;
	bool on_trial; /* for so long, else for good */
	uint64_t confirm_timeout_usec;
	bool persist; /* also on disk; of a trial once it is confirmed */
	bool dry_run; /* check only */
};

/* What came of a request. With a dry run: what would come of it, generation as it is. */
struct transaction_result {
	uint64_t generation;
	enum tunable_id ids[NR_TUNABLES]; /* those with new effective values */
	size_t n;
	tunable_mask saved; /* those that went into the drop-in, or out of it with a reset */
};

/*
 * Sets values. Refused as unknown, invalid, out of range, conflict, stale generation, busy, reattach
 * required (only live values can be tried), persist failed. -EINVAL and *refusal; -ENOMEM.
 */
int transactions_set(struct transactions *t, const struct config_change *changes, size_t n,
		     const struct transaction_terms *terms, uint64_t now_usec,
		     struct transaction_result *ret, struct refusal *refusal);

/*
 * Takes run-time values back to what the layers below say; with persist out of the drop-in, too: then
 * report hears of problems in the other files. Refused as transactions_set.
 */
int transactions_reset(struct transactions *t, tunable_mask ids,
		       const struct transaction_terms *terms, config_report_fn report,
		       void *userdata, struct transaction_result *ret, struct refusal *refusal);

/*
 * Ends the trial of that generation for good, and saves it if that was wanted: *saved. Or allows the
 * values again that were taken back with it. Refused as nothing to confirm, persist failed (the trial
 * has ended well all the same).
 */
int transactions_confirm(struct transactions *t, uint64_t generation, uint64_t now_usec,
			 tunable_mask *saved, struct refusal *refusal);

enum revert_cause {
	REVERT_REQUESTED,
	REVERT_EXPIRED,
	REVERT_RELOAD,
	REVERT_SCHEDULER_EXIT, /* from here on the values are remembered as bad */
	REVERT_STALL,
	NR_REVERT_CAUSES
};
/* "requested", "expired", "reload", "scheduler-exit" or "stall". */
const char *revert_cause_name(enum revert_cause cause);

/* Takes the trial back, if there is one: 1 and *ret, or 0. Cannot fail. */
int transactions_revert(struct transactions *t, enum revert_cause cause,
			struct transaction_result *ret);

/*
 * Saves values; of TUNABLES_ALL those that can be. Refused as persist failed, conflict, busy (while on
 * trial).
 */
int transactions_save(struct transactions *t, tunable_mask ids, tunable_mask *saved,
		      struct refusal *refusal);

/*
 * Reads the files anew. Problems go to report; with strict one of them refuses all as config invalid,
 * with what reader, a user, may know of it. Refused as busy. Returns the number of problems.
 */
int transactions_reload(struct transactions *t, bool strict, uid_t reader, config_report_fn report,
			void *userdata, struct transaction_result *ret, struct refusal *refusal);

const char *transactions_instance(const struct transactions *t);
uint64_t transactions_generation(const struct transactions *t);
uint64_t transactions_unconfirmed(const struct transactions *t);   /* generation on trial, or 0 */
uint64_t transactions_deadline_usec(const struct transactions *t); /* CLOCK_MONOTONIC, or 0 */

/* The last change of a tunable was taken back: its generation and the cause. Else false. */
bool transactions_reverted(const struct transactions *t, enum tunable_id id, uint64_t *generation,
			   enum revert_cause *cause);
