/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of tunables, and finding one in it. */
#include "config/tunables.h"

#include <errno.h>
#include <string.h>

#include "util/macro.h"

#define SEC 1e6

/* In the order of struct tunable: names; type, unit, default, range; when it applies; help. */
/* clang-format off */
const struct tunable tunables[NR_TUNABLES] = {
	[TUNABLE_SLICE_UNDERUTIL] = {
		"slice-us-underutil", NULL, 'u', "SliceUnderutilUSec",
		TUNABLE_USEC, UNIT_USEC, "20000", 100, 1 * SEC, APPLIED_LIVE,
		"time slice while the node is not full" },
	[TUNABLE_SLICE_OVERUTIL] = {
		"slice-us-overutil", NULL, 'o', "SliceOverutilUSec",
		TUNABLE_USEC, UNIT_USEC, "1000", 100, 1 * SEC, APPLIED_LIVE,
		"time slice while the node is full" },
	[TUNABLE_BALANCE_INTERVAL] = {
		"interval", NULL, 'i', "BalanceIntervalUSec",
		TUNABLE_USEC, UNIT_SEC, "2", 0.1 * SEC, 60 * SEC, APPLIED_LIVE,
		"time between two rounds of load balancing" },
	[TUNABLE_TUNE_INTERVAL] = {
		"tune-interval", NULL, 'I', "TuneIntervalUSec",
		TUNABLE_USEC, UNIT_SEC, "0.1", 0.01 * SEC, 10 * SEC, APPLIED_LIVE,
		"time between two rounds of the tuner" },
	[TUNABLE_LOAD_HALF_LIFE] = {
		"load-half-life", NULL, 'l', "LoadHalfLifeUSec",
		TUNABLE_USEC, UNIT_SEC, "1", 0.01 * SEC, 60 * SEC, APPLIED_LIVE,
		"time in which past load loses half of its weight" },
	[TUNABLE_GREEDY_THRESHOLD] = {
		"greedy-threshold", NULL, 'g', "GreedyThreshold",
		TUNABLE_UINT, UNIT_NONE, "1", 0, 1024, APPLIED_LIVE,
		"queue length from which other domains may steal, 0 = never" },
	[TUNABLE_GREEDY_THRESHOLD_X_NUMA] = {
		"greedy-threshold-x-numa", NULL, 0, "GreedyThresholdXNuma",
		TUNABLE_UINT, UNIT_NONE, "0", 0, 1024, APPLIED_LIVE,
		"queue length from which other nodes may steal, 0 = never" },
	[TUNABLE_LOAD_BALANCE] = {
		"load-balance", "no-load-balance", 0, "LoadBalance",
		TUNABLE_BOOL, UNIT_NONE, "yes", 0, 1, APPLIED_LIVE,
		"even out the load of the domains" },
	[TUNABLE_KTHREADS_LOCAL] = {
		"kthreads-local", NULL, 'k', "KthreadsLocal",
		TUNABLE_BOOL, UNIT_NONE, "no", 0, 1, APPLIED_LIVE,
		"queue kernel threads bound to one CPU straight to it" },
	[TUNABLE_BALANCED_KWORKERS] = {
		"balanced-kworkers", NULL, 'b', "BalancedKworkers",
		TUNABLE_BOOL, UNIT_NONE, "no", 0, 1, APPLIED_LIVE,
		"leave kworkers out of load balancing" },
	[TUNABLE_FIFO_SCHED] = {
		"fifo-sched", NULL, 'f', "FifoSched",
		TUNABLE_BOOL, UNIT_NONE, "no", 0, 1, APPLIED_LIVE,
		"run tasks in the order they came, not by deadline" },
	[TUNABLE_WAKEUP_PREEMPTION] = {
		"wakeup-preemption", NULL, 0, "WakeupPreemption",
		TUNABLE_BOOL, UNIT_NONE, "no", 0, 1, APPLIED_LIVE,
		"whom an event wakes takes the CPU of a task that computes" },
	[TUNABLE_DIRECT_GREEDY_UNDER] = {
		"direct-greedy-under", NULL, 'D', "DirectGreedyUnderPercent",
		TUNABLE_PERCENT, UNIT_PERCENT, "90", 0, 100, APPLIED_LIVE,
		"below it a domain's idle CPUs take wakeups of other domains" },
	[TUNABLE_KICK_GREEDY_UNDER] = {
		"kick-greedy-under", NULL, 'K', "KickGreedyUnderPercent",
		TUNABLE_PERCENT, UNIT_PERCENT, "100", 0, 100, APPLIED_LIVE,
		"below it a domain's idle CPUs are kicked to steal" },
	[TUNABLE_DIRECT_GREEDY_NUMA] = {
		"direct-greedy-numa", NULL, 'r', "DirectGreedyNuma",
		TUNABLE_BOOL, UNIT_NONE, "no", 0, 1, APPLIED_LIVE,
		"take wakeups of other NUMA nodes on idle CPUs too" },
	[TUNABLE_MEMPOLICY_AFFINITY] = {
		"mempolicy-affinity", NULL, 0, "MempolicyAffinity",
		TUNABLE_BOOL, UNIT_NONE, "no", 0, 1, APPLIED_LIVE,
		"prefer the nodes of a task's memory policy" },
	[TUNABLE_PERF] = {
		"perf", NULL, 0, "PerfLevel",
		TUNABLE_UINT, UNIT_NONE, "0", 0, 1024, APPLIED_LIVE,
		"CPU performance target, 1024 = fastest, 0 = leave it alone" },
	[TUNABLE_CACHE_LEVEL] = {
		"cache-level", NULL, 'c', "CacheLevel",
		TUNABLE_UINT, UNIT_NONE, "3", 1, 4, APPLIED_REATTACH,
		"CPUs that share the cache of this level form a domain" },
	[TUNABLE_CPUMASKS] = {
		"cpumasks", NULL, 'C', "Cpumasks",
		TUNABLE_LIST, UNIT_NONE, "", 0, 0, APPLIED_REATTACH,
		"sets of CPUs that form the domains, whatever they share" },
	[TUNABLE_PARTIAL] = {
		"partial", NULL, 'p', "Partial",
		TUNABLE_BOOL, UNIT_NONE, "no", 0, 1, APPLIED_REATTACH,
		"schedule only tasks with policy SCHED_EXT" },
	[TUNABLE_EXIT_DUMP_LEN] = {
		"exit-dump-len", NULL, 0, "ExitDumpLen",
		TUNABLE_UINT, UNIT_NONE, "0", 0, 1048576, APPLIED_REATTACH,
		"bytes of the kernel's dump at an error, 0 = its default" },
};
/* clang-format on */

int tunable_by_key(const char *key)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		if (strcmp(tunables[id].key, key) == 0)
			return id;
	return -ENOENT;
}

int tunable_by_letter(char letter)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		if (letter && tunables[id].letter == letter)
			return id;
	return -ENOENT;
}

int tunable_by_bus_name(const char *bus_name)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		if (strcmp(tunables[id].bus_name, bus_name) == 0)
			return id;
	return -ENOENT;
}

#define NEAREST_LENGTH_MAX 32 /* longer than any key */
#define NEAREST_EDITS_MAX  3

/* Levenshtein's edit distance; b is not longer than NEAREST_LENGTH_MAX. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[NEAREST_LENGTH_MAX + 1], length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
			size_t added = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = replaced < added ? replaced : added;
		}
	}
	return row[length];
}

const char *tunable_nearest_key(const char *text)
{
	size_t length = strlen(text), best_edits = NEAREST_EDITS_MAX + 1;
	const char *best = NULL;

	if (length > NEAREST_LENGTH_MAX)
		return NULL;
	for (int id = 0; id < NR_TUNABLES; id++) {
		size_t edits = edit_distance(tunables[id].key, text);

		if (edits < best_edits && edits < length) {
			best_edits = edits;
			best = tunables[id].key;
		}
	}
	return best;
}

static const char *const signatures[] = {
	[TUNABLE_BOOL] = "b",    [TUNABLE_UINT] = "u",  [TUNABLE_USEC] = "t",
	[TUNABLE_PERCENT] = "d", [TUNABLE_LIST] = "as",
};
_Static_assert(ARRAY_SIZE(signatures) == NR_TUNABLE_TYPES, "each type has a signature");

const char *tunable_signature(enum tunable_type type)
{
	return signatures[type];
}

static const char *const unit_symbols[] = {
	[UNIT_NONE] = "",
	[UNIT_USEC] = "us",
	[UNIT_SEC] = "s",
	[UNIT_PERCENT] = "%",
};
_Static_assert(ARRAY_SIZE(unit_symbols) == NR_TUNABLE_UNITS, "each unit has a symbol");

const char *tunable_unit_symbol(enum tunable_unit unit)
{
	return unit_symbols[unit];
}
