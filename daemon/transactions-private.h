/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of transactions, shared by the transactions*.c files and nobody else. */
#pragma once

#include "daemon/transactions.h"

/* Values that ended the scheduler together; of live tunables, so they own nothing. */
struct bad_values {
	uint64_t generation; /* 0: unused */
	enum revert_cause cause;
	tunable_mask ids;
	struct tunable_value values[NR_TUNABLES];
};
#define BAD_VALUES_MAX 16 /* the oldest is forgotten */

struct trial {
	uint64_t generation; /* 0: none */
	uint64_t deadline_usec;
	tunable_mask ids;     /* those that it has changed */
	tunable_mask to_save; /* once it is confirmed: those that were asked for */
	struct config_memory *before;
};

struct transactions {
	struct config *config;
	char instance[INSTANCE_SIZE];
	uint64_t generation;
	struct trial trial;
	struct bad_values bad[BAD_VALUES_MAX];
	size_t next_bad;
	struct {
		uint64_t generation; /* 0: not reverted */
		enum revert_cause cause;
	} reverted[NR_TUNABLES];
};

/* Refuses anything while a trial lasts. */
int transactions_refuse_busy(const struct transactions *t, struct refusal *refusal);

/* Notes which effective values differ from before; a new generation if any does. */
void transactions_number(struct transactions *t, const struct tunable_set *before,
			 struct transaction_result *ret);

tunable_mask transaction_result_mask(const struct transaction_result *result);

/* Refuses to come from values that were good to those that ended the scheduler (T4). */
int transactions_refuse_bad(const struct transactions *t, const struct tunable_set *before,
			    struct refusal *refusal);
