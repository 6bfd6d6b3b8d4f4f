/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the second scheduler (tiny.bpf.c): usage: tiny [SECONDS]
 *
 * Lays out the arena as the daemon does, attaches, says "attached", and detaches after the seconds, or
 * at SIGTERM or SIGINT; then prints what it counted. Fails when it cannot attach, when the kernel ended
 * it or when a task context is left over.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/tunables.h"
#include "daemon/arena.h"
#include "daemon/topology.h"
#include "tiny.skel.h"
#include "util/cleanup.h"

#define ARENA_SIZE ((uint64_t)WD40_ARENA_PAGES * WD40_PAGE_SIZE)
#define TASKS_MAX  100000

DEFINE_CLEANUP(struct tiny_bpf, tiny_bpf__destroy)

static int fail(const char *what, int err)
{
	fprintf(stderr, "tiny: %s: %s\n", what, strerror(-err));
	return err;
}

static int lay_out(struct wd40_shared *shared)
{
	_cleanup_(topology_freep) struct topology *t = NULL;
	struct tunable_set set = { 0 };
	char why[256] = "";
	uint32_t retired = 0;
	int err = topology_read("", 3, "", why, &t);

	if (err)
		return fail(why, err);
	err = arena_lay_out(shared, ARENA_SIZE, TASKS_MAX, t);
	if (err)
		return fail("arena", err);
	for (int id = 0; id < NR_TUNABLES; id++)
		tunable_parse(id, tunables[id].default_text, &set.values[id], why);
	arena_publish_config(shared, &set, 1, &retired);
	tunable_set_done(&set);
	return 0;
}

/* Waits for the end of the seconds (0: none), for a signal, or for the kernel to end it. */
static void wait_for_end(const struct tiny_bpf *skel, int seconds, const sigset_t *signals)
{
	const struct timespec second = { .tv_sec = 1 };

	for (int passed = 0; !seconds || passed < seconds; passed++)
		if (sigtimedwait(signals, NULL, &second) > 0 || skel->bss->tiny_exit_kind)
			return;
}

static int run(struct tiny_bpf *skel, int seconds, const sigset_t *signals)
{
	struct bpf_link *link = bpf_map__attach_struct_ops(skel->maps.tiny_ops);
	int err = -errno;

	if (!link)
		return fail("attach", err);
	printf("attached\n");
	fflush(stdout);
	wait_for_end(skel, seconds, signals);
	err = skel->bss->tiny_exit_kind ? -ECANCELED : 0;
	bpf_link__destroy(link);
	return err ? fail("ended by the kernel", err) : 0;
}

/* Counters on one line, and whether all is given back. */
static int report(const struct tiny_bpf *skel)
{
	const struct wd40_shared *shared = &skel->arena->shared;

	printf("domains %u, tasks %llu, queued %llu, own %llu, stolen %llu, left over %u\n",
	       shared->nr_domains, skel->bss->tiny_tasks, skel->bss->tiny_queued,
	       skel->bss->tiny_own, skel->bss->tiny_stolen, shared->tasks.nr_used);
	return shared->tasks.nr_used ? fail("task contexts are left over", -EBUSY) : 0;
}

int main(int argc, char **argv)
{
	_cleanup_(tiny_bpf__destroyp) struct tiny_bpf *skel = NULL;
	int err, seconds = argc > 1 ? atoi(argv[1]) : 0;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	skel = tiny_bpf__open_and_load();
	if (!skel)
		return fail("load", -errno), EXIT_FAILURE;
	err = lay_out(&skel->arena->shared);
	if (!err)
		err = run(skel, seconds, &signals);
	if (!err)
		err = report(skel);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
