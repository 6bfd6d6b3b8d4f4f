/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The manager owns the daemon's state and wires its parts: configuration, topology, back-end,
 * policies and their timers. Its verbs are what main and the bus call; one listener hears what
 * changed.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "config/config.h"
#include "daemon/balancer.h"
#include "daemon/loop.h"
#include "daemon/sched.h"
#include "daemon/statistics.h"
#include "daemon/topology.h"
#include "daemon/transactions.h"
#include "daemon/tuner.h"
#include "util/cleanup.h"

enum manager_state {
	STATE_STARTING,
	STATE_ATTACHED,
	STATE_DETACHED,    /* on request, or ended on purpose */
	STATE_REATTACHING, /* ended by the kernel, or asked to; will attach again */
	STATE_FAILED,      /* gave up; the kernel's own scheduler runs */
	STATE_STOPPING,
	NR_MANAGER_STATES
};
const char *manager_state_name(enum manager_state s);

struct manager;

/*
 * n tunables have new effective values, published as generation. origin: "runtime", "reset", "reload" or
 * "reverted"; with the last two uid 0 may be the daemon itself.
 */
struct tunables_change {
	uint64_t generation;
	const enum tunable_id *ids;
	size_t n;
	const char *origin;
	struct config_author author;
};

/* Called in the loop, after the state has changed. Any member may be NULL. */
struct manager_listener {
	void (*state_changed)(void *userdata);
	void (*tunables_changed)(const struct tunables_change *change, void *userdata);
	/* A trial was taken back; tunables_changed has told of the values. */
	void (*tunables_reverted)(uint64_t generation, enum revert_cause cause, void *userdata);
	void (*scheduler_exited)(const struct sched_exit *exit, bool will_restart, void *userdata);
	void *userdata;
};

/* loop and config are borrowed and must outlive the manager. root: see topology_read. */
int manager_new(struct loop *loop, struct config *config, const char *root, struct manager **ret);
struct manager *manager_free(struct manager *m); /* detaches */
DEFINE_CLEANUP(struct manager, manager_free)
void manager_set_listener(struct manager *m, const struct manager_listener *l);

/*
 * First attach, then arms the timers. A failure that waiting cannot cure is returned, with a logged
 * reason: -EPERM, -EOPNOTSUPP, -EINVAL, -EBUSY (see sched.h), -EDOM (the configuration asks for
 * domains that this machine cannot have), -ENOENT, -E2BIG (see topology_read). After any other the
 * state is reattaching.
 */
int manager_start(struct manager *m);
void manager_stop(struct manager *m); /* detaches, state stopping */

/*
 * The verbs of daemon/transactions.h, brought into force: the arena gets the values, policies run,
 * trials end in time, and the log and the listener are told who did what. Errors as there.
 */
int manager_set_tunables(struct manager *m, const struct config_change *changes, size_t n,
			 const struct transaction_terms *terms, struct transaction_result *ret,
			 struct refusal *refusal);
int manager_reset_tunables(struct manager *m, tunable_mask ids,
			   const struct transaction_terms *terms, struct transaction_result *ret,
			   struct refusal *refusal);
int manager_confirm_tunables(struct manager *m, uint64_t generation,
			     const struct config_author *author, struct refusal *refusal);
int manager_revert_tunables(struct manager *m, uint64_t generation,
			    const struct config_author *author, struct refusal *refusal);
int manager_save_tunables(struct manager *m, tunable_mask ids, const struct config_author *author,
			  tunable_mask *saved, struct refusal *refusal);

/*
 * Reads the files anew and applies the difference. Returns the number of problems, each logged; or
 * -EINVAL and *refusal, or -errno. With strict a problem is a refusal.
 */
int manager_reload(struct manager *m, bool strict, const struct config_author *author,
		   struct refusal *refusal);

/* The same for who cannot be refused: a trial is taken back for it. -errno. */
int manager_reload_now(struct manager *m);

/*
 * Attach, unless it is; detach and stay off, until told otherwise; both, one after the other. Refused
 * as not attached, attach failed, verifier rejected, unsupported kernel, another scheduler: -EINVAL.
 */
int manager_attach_by_hand(struct manager *m, const struct config_author *author,
			   struct refusal *refusal);
int manager_detach_by_hand(struct manager *m, const struct config_author *author,
			   struct refusal *refusal);
int manager_reattach_by_hand(struct manager *m, const struct config_author *author,
			     struct refusal *refusal);

/* Writes all there is to know as text. Errors stay in the stream. */
void manager_dump(const struct manager *m, FILE *f);

const struct transactions *manager_transactions(const struct manager *m);

/* How problems of the configuration appear in the log: for config_load. */
void manager_log_problem(const struct config_problem *problem, void *userdata);

/* What there is to know. Strings and pointers live until the next event of the loop. */
enum manager_state manager_get_state(const struct manager *m);
const char *manager_reason(
	const struct manager *m); /* why not attached, for everybody; may be "" */
const char *manager_full_reason(const struct manager *m); /* with names of tasks and users */
uint64_t manager_generation(const struct manager *m);
uint64_t manager_enable_seq(const struct manager *m);
uint64_t manager_attached_realtime_usec(const struct manager *m); /* 0 = never */
uint64_t manager_attached_monotonic_usec(const struct manager *m);
uint32_t manager_restart_count(const struct manager *m);
const struct sched_exit *manager_last_exit(const struct manager *m); /* NULL = none yet */
const struct config *manager_config(const struct manager *m);
const struct topology *manager_topology(const struct manager *m); /* NULL before the first attach */
const struct wd40_shared *manager_shared(const struct manager *m);   /* NULL when not attached */
const struct tuner_decision *manager_tuner(const struct manager *m); /* likewise */
const struct balancer *manager_balancer(const struct manager *m);    /* likewise */

/*
 * All statistics (daemon/statistics.h) as they are now, counted since the last attach or reset. Valid
 * until the next call. NULL when out of memory.
 */
const struct statistics *manager_statistics(struct manager *m);

/* One of BPF's counters, likewise; 0 while nothing is attached. */
uint64_t manager_counter(const struct manager *m, enum wd40_counter counter);

/* Counters and histograms begin anew. BPF's own are left as they are. -ENOMEM. */
int manager_reset_statistics(struct manager *m);

/* Where those who serve statistics keep their own counts. */
struct statistics_clients *manager_clients(struct manager *m);

/* Rounds of the balancer since the last attach, and what the last one took. */
struct manager_cost {
	uint64_t rounds, last_usec;
};
struct manager_cost manager_balance_cost(const struct manager *m);

/*
 * What the balancer would do now: the loads and the plan of manager_balancer, until the loop's next
 * event. Nothing is done. -EINVAL and *refusal when not attached; -ENOMEM.
 */
int manager_try_balance(struct manager *m, struct refusal *refusal);

/*
 * Value of a tunable: read back from the configuration that BPF uses where that holds it, else as
 * wanted by the layers. list is borrowed.
 */
struct tunable_value manager_value(const struct manager *m, enum tunable_id id);
bool manager_pending_reattach(const struct manager *m, enum tunable_id id); /* value not in force */

/* Whether this valid value would be so, if it were set. */
bool manager_would_pend(const struct manager *m, enum tunable_id id,
			const struct tunable_value *value);
