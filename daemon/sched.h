/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface of a scheduler back-end: something that owns an arena laid out as bpf/shared.h says and
 * schedules by it. daemon/sched-bpf.c is the real one; tests/fake/sched-fake.c stands in for it
 * where there is no sched_ext. A program links exactly one: it defines sched_backend.
 *
 * Order of calls: probe (any time) -> open -> (the daemon lays out the arena) -> attach -> ... ->
 * detach -> close. After detach or an exit, close and open again to attach anew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/shared.h"

struct sched; /* a back-end's own state */

/* What must be known before programs are loaded. */
struct sched_spec {
	bool partial;           /* switch only tasks of SCHED_EXT */
	uint32_t exit_dump_len; /* bytes, 0 = the kernel's default */
	uint64_t timeout_ms;    /* the kernel's watchdog for runnable tasks that do not run */
	uint64_t hotplug_seq;   /* read before the topology was; 0 = do not compare */
};

/* Why a scheduler ended. Strings are always terminated. */
struct sched_exit {
	uint32_t kind; /* the kernel's enum scx_exit_kind */
	int64_t code;
	char reason[128];
	char message[1024];
};

/* Room for all requirements that a back-end has. */
#define SCHED_REQUIREMENTS_MAX 64

/* One requirement and whether the machine meets it. */
struct sched_requirement {
	char name[48];
	bool required; /* false: wd40d works without it */
	bool met;
	char detail[160]; /* what was found, and what to do if it is not met */
};

struct sched_backend {
	const char *name;

	/*
	 * Examines kernel and machine. Fills up to max requirements into reqs and returns their number,
	 * or a negative errno. Needs no open scheduler.
	 */
	int (*probe)(struct sched_requirement *reqs, size_t max);

	/*
	 * Makes a scheduler with an arena whose struct wd40_shared is zero. Errors: -EPERM (not allowed),
	 * -EOPNOTSUPP (the kernel lacks something, see probe), -EINVAL (the verifier refused a program),
	 * -ENOMEM. The caller closes *ret.
	 */
	int (*open)(const struct sched_spec *spec, struct sched **ret);

	/* The arena. Valid until close. */
	struct wd40_shared *(*shared)(struct sched *s);

	/*
	 * Begins to schedule with the arena as it is laid out now. Errors: -EBUSY (another scheduler is
	 * active), -EAGAIN (CPUs came or went meanwhile: lay out and try again), -EIO (the kernel refused
	 * or ended it at once: read_exit tells), others from the kernel.
	 */
	int (*attach)(struct sched *s);

	/* File descriptor that is readable when an exit waits, or -1. Owned by the scheduler. */
	int (*event_fd)(struct sched *s);

	/* 1 and *ret filled when the scheduler has ended since the last call, 0 when not, or -errno. */
	int (*read_exit)(struct sched *s, struct sched_exit *ret);

	/* Ends scheduling; the kernel's own scheduler has every task on return. Harmless twice. */
	void (*detach)(struct sched *s);

	/* Frees all; detaches first when needed. Accepts NULL, returns NULL. */
	struct sched *(*close)(struct sched *s);

	/* The kernel's count of attachments (/sys/kernel/sched_ext/enable_seq), 0 where unknown. */
	uint64_t (*enable_seq)(void);

	/* The kernel's count of CPU hotplugs, for sched_spec. 0 where unknown. */
	uint64_t (*hotplug_seq)(void);
};

extern const struct sched_backend sched_backend;
