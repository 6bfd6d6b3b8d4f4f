/* SPDX-License-Identifier: GPL-2.0-only */
/* The manager's state, shared by the manager-*.c files and nobody else. */
#pragma once

#include "daemon/manager.h"
#include "daemon/policies.h"
#include "daemon/sched-exit.h"

/* A policy at work. */
struct policy_runner {
	struct manager *manager;
	const struct policy *policy;
	struct loop_source *timer;
	void *state;         /* NULL when not attached */
	uint64_t rounds;     /* since the attach */
	uint64_t round_usec; /* what the last one took */
	uint64_t total_usec; /* what all of them took */
	uint64_t last_at_us; /* when it was, real time */
};

struct manager {
	struct loop *loop;
	struct config *config;
	const char *root;
	struct manager_listener listener;

	enum manager_state state;
	char reason[512];      /* why it is not attached, for everybody */
	char full_reason[512]; /* the same with what only some may know */
	struct transactions *transactions;
	struct loop_source *trial_timer;
	uint32_t restart_count;
	struct sched_restart restart;
	struct loop_source *restart_timer;
	bool has_exit, attempt_has_exit; /* ever; of the last attempt to attach */
	struct sched_exit last_exit;

	/* Of the scheduler that runs; NULL and zero when none does, except where noted. */
	struct sched *sched;
	struct loop_source *exit_source;
	struct policy_runner policies[NR_POLICIES];
	struct arena_constants *constants; /* of its arena */
	uint32_t retired_slots;
	uint32_t hotplugs; /* as many as the topology knows of */
	struct tunable_set attached_values;
	struct tunable_set proven_values; /* of the last attach that went well; kept */
	struct topology *topology;        /* kept for reading until the next attach */
	uint64_t attached_realtime_usec, attached_monotonic_usec; /* kept too */

	struct statistics *statistics; /* the last snapshot */
	struct statistics *baseline;   /* taken off it */
	uint64_t statistics_since_us;
	struct statistics_clients clients;
};

struct wd40_shared *manager_arena(const struct manager *m); /* of the scheduler, which there is */
void manager_set_state(struct manager *m, enum manager_state state);
void manager_tell_state(struct manager *m);
/* Why it is not attached. In full: names of tasks and of users, too. The first is for both until the other. */
void manager_explain(struct manager *m, const char *format, ...) _printf_(2, 3);
void manager_explain_in_full(struct manager *m, const char *format, ...) _printf_(2, 3);
void manager_publish_config(struct manager *m); /* the values, as the generation they are */

/* manager-attach.c */
int manager_attach(struct manager *m);
int manager_read_topology(struct manager *m, struct topology **ret); /* explains why */
bool manager_failure_is_final(int err); /* of manager_attach: another attempt cannot cure it */
void manager_detach(struct manager *m);
void manager_attach_failed(struct manager *m, int err); /* tries again later, or gives up */
int manager_on_restart_due(struct loop_source *s, void *userdata);
bool manager_check_exit(struct manager *m); /* true when the scheduler has ended */

/* manager-tunables.c */
int manager_tunables_init(struct manager *m);
void manager_tunables_done(struct manager *m);
void manager_blame_trial(struct manager *m,
			 const struct sched_exit *exit); /* takes it back if so */

/* manager-hotplug.c */
void manager_follow_hotplug(struct manager *m); /* brings the topology up to date */

/* manager-statistics.c */
int manager_statistics_init(struct manager *m);
void manager_statistics_done(struct manager *m);
uint64_t manager_realtime_us(void);

/* manager-policy.c */
int manager_policies_init(struct manager *m);
void manager_policies_done(struct manager *m);
int manager_policies_begin(struct manager *m); /* states for the topology, first round published */
int manager_policies_arm(struct manager *m);
/* n tunables have changed: brings them into force before the next round is due. */
void manager_policies_retune(struct manager *m, const enum tunable_id *ids, size_t n);
void manager_policies_end(struct manager *m);
