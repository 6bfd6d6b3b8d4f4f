/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a scheduler ended and what to do next. Pure: no clock, no timer, no logging.
 *
 *	the kernel asks for a restart (CPU hotplug)	at once, but not twice within a second
 *	an error, a stall, a failed attach		after 1, 2, 4 .. 60 s; the 8th in a row gives up
 *	sysrq, or unregistered on purpose		stays off
 *
 * Failures are in a row unless the scheduler has worked for five minutes between them.
 */
#pragma once

#include <stdint.h>

#include "daemon/sched.h"

#define SCHED_RESTART_FIRST_USEC   (1ull * 1000 * 1000)
#define SCHED_RESTART_LONGEST_USEC (60ull * 1000 * 1000)
#define SCHED_RESTART_QUIET_USEC   (300ull * 1000 * 1000)
#define SCHED_RESTART_MAX_FAILURES 8u

/*
 * Name of a struct sched_exit's kind, from a closed list: "none", "done", "unregistered",
 * "unregistered-bpf", "unregistered-kernel", "sysrq", "parent", "parent-kill", "error", "error-bpf",
 * "error-stall", "error-reenqueue", "error-rescue", "unknown".
 */
const char *sched_exit_kind_name(uint32_t kind);

/* Whether values that were tried may be to blame for an exit. */
enum sched_blame {
	SCHED_NO_BLAME, /* the kernel only asks for a restart */
	SCHED_BLAME,    /* an error, or somebody ended it, perhaps in need */
	SCHED_BLAME_STALL,
};
enum sched_blame sched_exit_blame(const struct sched_exit *exit);

enum sched_verdict {
	SCHED_STAY_OFF, /* it was meant to end: state detached */
	SCHED_RESTART,  /* attach again after delay_usec, which may be 0 */
	SCHED_GIVE_UP,  /* too many failures: state failed */
};

struct sched_next {
	enum sched_verdict verdict;
	uint64_t delay_usec;
};

/* State between exits; all zero at first, and again to forget the failures (attach by hand). */
struct sched_restart {
	uint32_t failures;     /* in a row */
	uint64_t started_usec; /* when the last restart that was decided on is or was due */
};

/*
 * What to do after exit, which happened at now_usec (CLOCK_MONOTONIC). exit NULL: an attempt to
 * attach failed in a way that waiting may cure.
 */
struct sched_next sched_restart_next(struct sched_restart *r, const struct sched_exit *exit,
				     uint64_t now_usec);
