/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching the scheduler, and what happens when it ends. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "daemon/arena.h"
#include "daemon/event.h"
#include "daemon/manager-private.h"
#include "util/log.h"
#include "util/macro.h"

/* CPUs that come and go during an attach are an event, not a state: they settle. */
#define ATTACH_TRIES 5

/*
 * The kernel ends a scheduler that leaves a runnable task waiting for so long. This is the most it
 * allows: a virtual machine whose host is busy looks like a stall of many seconds.
 */
#define STALL_TIMEOUT_MS 30000

/* The highest pid_max the kernel allows: more threads there cannot be. */
#define TASKS_MAX (1u << 22)

#define ARENA_SIZE ((uint64_t)WD40_ARENA_PAGES * WD40_PAGE_SIZE)

bool manager_failure_is_final(int err)
{
	return err == -EPERM || err == -EOPNOTSUPP || err == -EINVAL || err == -EBUSY ||
	       err == -EDOM || err == -ENOENT || err == -E2BIG;
}

static const char *failure_name(int err)
{
	switch (err) {
	case -EPERM: return "not allowed to run a scheduler";
	case -EOPNOTSUPP: return "this kernel cannot run wd40";
	case -EINVAL: return "the kernel refused the scheduler's programs";
	case -EBUSY: return "another scheduler is active";
	case -EAGAIN: return "CPUs keep coming and going";
	case -EIO: return "the kernel ended the scheduler at once";
	default: return strerror(-err);
	}
}

/* "NAME: DETAIL" of each requirement that is not met, as far as there is room; "" when all are. */
static void list_unmet(char *text, size_t size)
{
	struct sched_requirement reqs[SCHED_REQUIREMENTS_MAX];
	int n = sched_backend.probe(reqs, SCHED_REQUIREMENTS_MAX);
	size_t used = 0;

	*text = '\0';
	for (int i = 0; i < n && used < size; i++)
		if (reqs[i].required && !reqs[i].met)
			used += (size_t)snprintf(text + used, size - used, "%s%s: %s",
						 used ? "; " : "", reqs[i].name, reqs[i].detail);
}

/* Which kind of end it was is for everybody; the kernel's message may name any task. */
static void explain_exit(struct manager *m, const char *before, const char *separator)
{
	const struct sched_exit *e = &m->last_exit;

	manager_explain(m, "%s%s%s", before, separator, e->reason);
	if (*e->message)
		manager_explain_in_full(m, "%s%s%s: %.300s", before, separator, e->reason,
					e->message);
}

static void explain_failure(struct manager *m, int err)
{
	char unmet[400];

	list_unmet(unmet, sizeof(unmet));
	if (*unmet)
		manager_explain(m, "%s: %s", failure_name(err), unmet);
	else if (m->attempt_has_exit)
		explain_exit(m, failure_name(err), ": ");
	else
		manager_explain(m, "%s", failure_name(err));
}

int manager_read_topology(struct manager *m, struct topology **ret)
{
	const struct tunable_value *values = m->attached_values.values;
	char why[256] = "";
	int r;

	r = topology_read(m->root, values[TUNABLE_CACHE_LEVEL].u, values[TUNABLE_CPUMASKS].list,
			  why, ret);
	if (r >= 0)
		return 0;
	manager_explain(m, "no domains can be made of this machine: %s", *why ? why : strerror(-r));
	return r == -EINVAL ? -EDOM : r;
}

static int renew_topology(struct manager *m)
{
	_cleanup_(topology_freep) struct topology *t = NULL;
	int r = manager_read_topology(m, &t);

	if (r < 0)
		return r;
	topology_free(m->topology);
	m->topology = TAKE_PTR(t);
	return 0;
}

static int open_sched(struct manager *m, uint64_t hotplug_seq)
{
	const struct tunable_value *values = m->attached_values.values;
	const struct sched_spec spec = {
		.partial = values[TUNABLE_PARTIAL].b,
		.exit_dump_len = values[TUNABLE_EXIT_DUMP_LEN].u,
		.timeout_ms = STALL_TIMEOUT_MS,
		.hotplug_seq = hotplug_seq,
	};

	return sched_backend.open(&spec, &m->sched);
}

static int fill_arena(struct manager *m)
{
	int r;

	r = arena_lay_out(sched_backend.shared(m->sched), ARENA_SIZE, TASKS_MAX, m->topology);
	if (r >= 0)
		r = arena_constants_new(sched_backend.shared(m->sched), &m->constants);
	if (r < 0)
		return r;
	m->retired_slots = 0;
	r = manager_reset_statistics(m);
	if (r < 0)
		return r;
	manager_publish_config(m);
	return manager_policies_begin(m);
}

static int on_exit_event(struct loop_source *s, int fd, uint32_t events, void *userdata)
{
	manager_check_exit(userdata);
	return 0;
}

static int watch_sched(struct manager *m)
{
	int fd = sched_backend.event_fd(m->sched), r = 0;

	if (fd >= 0)
		r = loop_add_fd(m->loop, "scheduler-exit", fd, EPOLLIN, on_exit_event, m,
				&m->exit_source);
	if (r < 0)
		return r;
	return manager_policies_arm(m);
}

/* The kernel's texts may hold the name of any task; D-Bus and the log get printable ASCII. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static void note_exit(struct manager *m, const struct sched_exit *exit)
{
	m->has_exit = true;
	m->last_exit = *exit;
	make_printable(m->last_exit.reason);
	make_printable(m->last_exit.message);
}

static int attach_filled(struct manager *m)
{
	struct sched_exit exit;
	int r = sched_backend.attach(m->sched);

	if (r == -EIO && sched_backend.read_exit(m->sched, &exit) > 0) {
		note_exit(m, &exit);
		m->attempt_has_exit = true;
	}
	if (r < 0)
		return r;
	if (m->attached_realtime_usec)
		m->restart_count++;
	m->attached_realtime_usec = manager_realtime_us();
	m->attached_monotonic_usec = loop_now_usec();
	m->hotplugs = 0; /* CPUs that moved since the topology was read are followed at once */
	return watch_sched(m);
}

/* Without memory the ones before are as good. */
static void remember_proven(struct manager *m)
{
	struct tunable_set copy;

	if (tunable_set_copy(&m->attached_values, &copy) < 0)
		return;
	tunable_set_done(&m->proven_values);
	m->proven_values = copy;
}

/* The order matters: what is read first may change until the kernel compares hotplug_seq. */
static int attach_once(struct manager *m, const struct tunable_set *values)
{
	uint64_t hotplug_seq = sched_backend.hotplug_seq();
	int r;

	manager_explain(m, "%s", "");
	m->attempt_has_exit = false;
	r = tunable_set_copy(values, &m->attached_values);
	if (r >= 0)
		r = renew_topology(m);
	if (r >= 0)
		r = open_sched(m, hotplug_seq);
	if (r >= 0)
		r = fill_arena(m);
	if (r >= 0)
		r = attach_filled(m);
	if (r >= 0) {
		remember_proven(m);
		return 0;
	}
	if (!*m->reason)
		explain_failure(m, r);
	manager_detach(m);
	return r;
}

static int attach_with(struct manager *m, const struct tunable_set *values)
{
	_cleanup_(freep) char *description = NULL;
	int r = -EAGAIN;

	for (int i = 0; i < ATTACH_TRIES && r == -EAGAIN; i++)
		r = attach_once(m, values);
	if (r < 0)
		return r;
	description = topology_describe(m->topology);
	log_notice("attached: %s", description ?: "out of memory");
	manager_set_state(m, STATE_ATTACHED);
	return 0;
}

int manager_attach(struct manager *m)
{
	return attach_with(m, config_values(m->config));
}

/*
 * Nobody is there to correct a division that the machine has become unable to have: rather the one
 * that was. The wanted one waits for the next attach.
 */
static int attach_as_before(struct manager *m)
{
	struct tunable_set values = *config_values(m->config); /* borrowed */
	static const enum tunable_id shape[] = { TUNABLE_CACHE_LEVEL, TUNABLE_CPUMASKS };
	const struct tunable_value *proven = m->proven_values.values;
	bool differs = false;

	if (!proven[TUNABLE_CPUMASKS].list)
		return -EDOM;
	for (size_t i = 0; i < ARRAY_SIZE(shape); i++) {
		differs |=
			!tunable_value_equal(shape[i], &values.values[shape[i]], &proven[shape[i]]);
		values.values[shape[i]] = proven[shape[i]];
	}
	if (!differs)
		return -EDOM;
	log_error("%s; trying the domains as they were", m->full_reason);
	return attach_with(m, &values);
}

/* Frees what a scheduler needs, however much of it there is. */
void manager_detach(struct manager *m)
{
	if (m->sched)
		sched_backend.detach(m->sched);
	m->exit_source = loop_source_remove(m->exit_source);
	manager_policies_end(m);
	m->constants = arena_constants_free(m->constants);
	m->sched = sched_backend.close(m->sched);
	tunable_set_done(&m->attached_values);
}

static const char *describe_next(const struct sched_next *next, char text[64])
{
	if (next->verdict == SCHED_STAY_OFF)
		return "staying off";
	if (next->verdict == SCHED_GIVE_UP)
		return "giving up";
	if (!next->delay_usec)
		return "attaching again at once";
	snprintf(text, 64, "attaching again in %" PRIu64 " ms", next->delay_usec / 1000);
	return text;
}

/* Brings about what was decided; the scheduler is gone by now. */
static void follow(struct manager *m, const struct sched_next *next)
{
	static const enum manager_state states[] = {
		[SCHED_STAY_OFF] = STATE_DETACHED,
		[SCHED_RESTART] = STATE_REATTACHING,
		[SCHED_GIVE_UP] = STATE_FAILED,
	};

	if (next->verdict == SCHED_RESTART)
		loop_set_timer(m->restart_timer, next->delay_usec, 0);
	manager_set_state(m, states[next->verdict]);
}

static void report_exit(struct manager *m, bool will_restart)
{
	if (m->listener.scheduler_exited)
		m->listener.scheduler_exited(&m->last_exit, will_restart, m->listener.userdata);
}

void manager_attach_failed(struct manager *m, int err)
{
	struct sched_next next = { .verdict = SCHED_GIVE_UP };
	char text[64];

	/* Another scheduler may go away again; the rest stays as it is. */
	if (err == -EBUSY || !manager_failure_is_final(err))
		next = sched_restart_next(&m->restart, NULL, loop_now_usec());
	log_error("cannot attach: %s; %s", m->full_reason, describe_next(&next, text));
	if (m->attempt_has_exit) {
		report_exit(m, next.verdict == SCHED_RESTART);
		manager_blame_trial(m, &m->last_exit);
	}
	follow(m, &next);
}

int manager_on_restart_due(struct loop_source *s, void *userdata)
{
	struct manager *m = userdata;
	int r = manager_attach(m);

	if (r == -EDOM)
		r = attach_as_before(m);
	if (r < 0)
		manager_attach_failed(m, r);
	return 0;
}

/* What the kernel says about CPUs and tasks at the moment of a failure, line by line. */
static void log_dump(const struct manager *m)
{
	_cleanup_(freep) char *text =
		arena_copy_exit_dump(sched_backend.shared(m->sched), ARENA_SIZE);
	const char *dump = text;

	while (dump && *dump) {
		size_t length = strcspn(dump, "\n");
		char line[256];

		snprintf(line, sizeof(line), "%.*s", (int)length, dump);
		make_printable(line);
		log_info("dump: %s", line);
		dump += length + (dump[length] == '\n');
	}
}

static void log_exit(const struct manager *m, int level, const char *what_next)
{
	const struct sched_exit *e = &m->last_exit;
	const char *kind = sched_exit_kind_name(e->kind);
	_cleanup_(event_done) struct event event = { 0 };

	event_add(&event, "WD40_EXIT_KIND=%s", kind);
	event_add(&event, "WD40_EXIT_CODE=%#" PRIx64, (uint64_t)e->code);
	event_add(&event, "WD40_REASON=%s", m->full_reason);
	log_event(level, EVENT_SCHEDULER_EXITED, (const char *const *)event.fields,
		  "the kernel ended the scheduler: %s, code %#" PRIx64 ": %s; %s", kind,
		  (uint64_t)e->code, m->full_reason, what_next);
}

static void handle_exit(struct manager *m)
{
	const struct sched_exit *e = &m->last_exit;
	struct sched_next next = sched_restart_next(&m->restart, e, loop_now_usec());
	bool at_once = next.verdict == SCHED_RESTART && !next.delay_usec;
	char text[64];

	explain_exit(m, "", "");
	log_exit(m, at_once ? LOG_NOTICE : LOG_ERR, describe_next(&next, text));
	log_dump(m);
	manager_detach(m);
	report_exit(m, next.verdict == SCHED_RESTART);
	manager_blame_trial(m, e);
	follow(m, &next);
}

bool manager_check_exit(struct manager *m)
{
	struct sched_exit exit;
	int r = sched_backend.read_exit(m->sched, &exit);

	if (r == 0)
		return false;
	if (r < 0) {
		exit = (struct sched_exit){ .reason = "unknown" };
		snprintf(exit.message, sizeof(exit.message), "the report cannot be read: %s",
			 strerror(-r));
	}
	note_exit(m, &exit);
	handle_exit(m);
	return true;
}
