/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * THE table of tunables: one row each. INI keys, command line options, D-Bus properties, man page,
 * completion and the values' checks all come from it; nothing else lists them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tunable_id {
	TUNABLE_SLICE_UNDERUTIL,
	TUNABLE_SLICE_OVERUTIL,
	TUNABLE_BALANCE_INTERVAL,
	TUNABLE_TUNE_INTERVAL,
	TUNABLE_LOAD_HALF_LIFE,
	TUNABLE_GREEDY_THRESHOLD,
	TUNABLE_GREEDY_THRESHOLD_X_NUMA,
	TUNABLE_LOAD_BALANCE,
	TUNABLE_KTHREADS_LOCAL,
	TUNABLE_BALANCED_KWORKERS,
	TUNABLE_FIFO_SCHED,
	TUNABLE_DIRECT_GREEDY_UNDER,
	TUNABLE_KICK_GREEDY_UNDER,
	TUNABLE_DIRECT_GREEDY_NUMA,
	TUNABLE_MEMPOLICY_AFFINITY,
	TUNABLE_PERF,
	TUNABLE_CACHE_LEVEL,
	TUNABLE_CPUMASKS,
	TUNABLE_PARTIAL,
	TUNABLE_EXIT_DUMP_LEN,
	NR_TUNABLES
};

/* How a value is stored (struct tunable_value) and which D-Bus signature it has. */
enum tunable_type {
	TUNABLE_BOOL,	 /* b: yes/no/true/false/on/off/1/0 */
	TUNABLE_UINT,	 /* u */
	TUNABLE_USEC,	 /* t: stored in microseconds; text is in the row's unit */
	TUNABLE_PERCENT, /* d */
	TUNABLE_LIST,	 /* as: list of CPU sets; text separates them by ';' */
};

/* The unit of a tunable's text form in INI files and options. D-Bus always has microseconds. */
enum tunable_unit {
	UNIT_NONE,
	UNIT_USEC,
	UNIT_SEC, /* decimal fraction allowed */
	UNIT_PERCENT,
};

enum tunable_applied {
	APPLIED_LIVE,
	APPLIED_REATTACH,
};

/* Value of a tunable. list is an owned, canonical, ';'-separated string; "" is the empty list. */
struct tunable_value {
	union {
		bool b;
		uint32_t u;
		uint64_t usec;
		double percent;
		char *list;
	};
};

struct tunable {
	const char *key;	  /* INI key and long option */
	const char *negative_key; /* long option that sets a boolean to no, or NULL */
	char letter;		  /* short option, or 0 */
	const char *bus_name;	  /* D-Bus property */
	enum tunable_type type;
	enum tunable_unit unit;
	const char *default_text; /* in text form, parsed like any other */
	double min, max;	  /* in the stored unit (microseconds for TUNABLE_USEC) */
	enum tunable_applied applied;
	const char *help; /* one line */
};

extern const struct tunable tunables[NR_TUNABLES];

/* All values at one moment, indexed by enum tunable_id. */
struct tunable_set {
	struct tunable_value values[NR_TUNABLES];
};
