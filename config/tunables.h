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
	TUNABLE_WAKEUP_PREEMPTION,
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
	TUNABLE_BOOL, /* b: yes/no/true/false/on/off/1/0 */
	TUNABLE_UINT, /* u */
	TUNABLE_USEC, /* t: stored in microseconds; text is in the row's unit, or has its own: 4ms */
	TUNABLE_PERCENT, /* d */
	TUNABLE_LIST,    /* as: list of CPU sets; text separates them by ';' */
	NR_TUNABLE_TYPES
};

/* The unit of a tunable's text form in INI files and options. D-Bus always has microseconds. */
enum tunable_unit {
	UNIT_NONE,
	UNIT_USEC,
	UNIT_SEC, /* decimal fraction allowed */
	UNIT_PERCENT,
	NR_TUNABLE_UNITS
};

enum tunable_applied {
	APPLIED_LIVE,
	APPLIED_REATTACH,
};

/* Bytes for the reason of a refusal: what is wrong with a value, as in "is not a number". */
#define TUNABLE_WHY_MAX 64

/*
 * Value of a tunable. list is an owned, canonical, ';'-separated string; "" is the empty list. It comes first,
 * as it is no smaller than the others: { 0 } makes the first member zero, and of the rest only some compilers.
 */
struct tunable_value {
	union {
		char *list;
		bool b;
		uint32_t u;
		uint64_t usec;
		double percent;
	};
};

struct tunable {
	const char *key;          /* INI key and long option */
	const char *negative_key; /* long option that sets a boolean to no, or NULL */
	char letter;              /* short option, or 0 */
	const char *bus_name;     /* D-Bus property */
	enum tunable_type type;
	enum tunable_unit unit;
	const char *default_text; /* in text form, parsed like any other */
	double min, max;          /* in the stored unit (microseconds for TUNABLE_USEC) */
	enum tunable_applied applied;
	const char *help; /* one line */
};

extern const struct tunable tunables[NR_TUNABLES];

/* All values at one moment, indexed by enum tunable_id. */
struct tunable_set {
	struct tunable_value values[NR_TUNABLES];
};

/* A rule between two tunables that a set breaks. "a = 1 RULE b = 2" says it to a person. */
struct tunable_conflict {
	enum tunable_id ids[2];
	const char *rule;
};
#define NR_TUNABLE_RULES 3

/* The tunable of that INI key, short option or D-Bus property, or -ENOENT. */
int tunable_by_key(const char *key);
int tunable_by_letter(char letter);
int tunable_by_bus_name(const char *bus_name);

/* The key that text was probably meant to be, or NULL when none is near. */
const char *tunable_nearest_key(const char *text);

/* D-Bus signature of a type. */
const char *tunable_signature(enum tunable_type type);

/* Symbol of a unit in text ("us", "s", "%"); "" for UNIT_NONE. */
const char *tunable_unit_symbol(enum tunable_unit unit);

/* What a value may be, for messages: "0.1 to 60 s", "yes or no". Caller frees; NULL: no memory. */
char *tunable_range_text(enum tunable_id id);

/*
 * Value from its text form. The same in every locale. -EINVAL (not of the type), -ERANGE (out of
 * range) and -EEXIST (a CPU in two sets) fill why; -ENOMEM. *ret: tunable_value_done.
 */
int tunable_parse(enum tunable_id id, const char *text, struct tunable_value *ret,
		  char why[TUNABLE_WHY_MAX]);

/* Checks a value and copies it, a list in canonical form. Errors as tunable_parse. */
int tunable_normalize(enum tunable_id id, const struct tunable_value *value,
		      struct tunable_value *ret, char why[TUNABLE_WHY_MAX]);

/* Text form, which tunable_parse reads back (percents to nine decimals). Caller frees; NULL: ENOMEM. */
char *tunable_format(enum tunable_id id, const struct tunable_value *value);

/* The same to be read by a person: "4000 us", "0.1 s", "none" for an empty list. */
char *tunable_show(enum tunable_id id, const struct tunable_value *value);

bool tunable_value_equal(enum tunable_id id, const struct tunable_value *a,
			 const struct tunable_value *b);

/* Deep copy. -ENOMEM. */
int tunable_value_copy(enum tunable_id id, const struct tunable_value *value,
		       struct tunable_value *ret);

/* Frees what the value owns. Harmless on a zeroed value, and twice. */
void tunable_value_done(enum tunable_id id, struct tunable_value *value);

/* Deep copy of a set. -ENOMEM. *ret: tunable_set_done. */
int tunable_set_copy(const struct tunable_set *s, struct tunable_set *ret);
void tunable_set_done(struct tunable_set *s);

/* Stores the tunables whose values differ, in the table's order; returns their number. */
size_t tunable_set_diff(const struct tunable_set *a, const struct tunable_set *b,
			enum tunable_id ids[NR_TUNABLES]);

/* Stores the rules that a set breaks; returns their number. No tunable is in two rules. */
size_t tunable_set_conflicts(const struct tunable_set *s,
			     struct tunable_conflict ret[NR_TUNABLE_RULES]);
