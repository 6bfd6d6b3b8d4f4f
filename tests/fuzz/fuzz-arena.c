/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arena with any content, while the daemon's policies run on it and statistics are
 * taken of it: nothing outside of it is touched, the balancer's books are right, its moves are between
 * domains that there are, and what is told of it is what can be told.
 *
 * The input is a list of steps: a byte that says which, and what that one reads.
 */
#include <json-c/json.h>
#include <math.h>
#include <sys/mman.h>

#include "bpf/ravg.h"
#include "daemon/arena.h"
#include "daemon/policies.h"
#include "daemon/sched-exit.h"
#include "daemon/statistics.h"
#include "dbus/stats-protocol.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/scribble.h"
#include "tests/unit/daemon/made-topology.h"

#define NODES     2u
#define DOMAINS   2u /* a node */
#define CPUS      2u /* a domain */
#define TASKS_MAX 64u
#define STEPS_MAX 200u
#define SIZE      (1u << 20)

/* What stays from run to run: the arena is copied back from its picture. */
static struct wd40_shared *shared;
static struct arena_constants *constants;
static uint8_t *picture;
static struct topology *topology;
static struct tunable_set values;

struct run {
	struct fuzz_bytes in;
	void *states[NR_POLICIES];
	struct statistics *statistics, *base;
	struct statistics_clients clients;
	struct statistics_machine last; /* what the client of the socket was told last */
	struct sched_restart restart;
	u64 now_usec;
	bool told;
};

/* Of the moves so many are used: there are not more tasks to move. */
static void restore(void)
{
	const uint8_t *moves = (uint8_t *)shared->moves;
	size_t before =
		(size_t)(moves - (uint8_t *)shared) + 2 * TASKS_MAX * sizeof(struct wd40_move);
	size_t behind =
		(size_t)(moves - (uint8_t *)shared) + WD40_MOVE_SLOTS * sizeof(struct wd40_move);
	size_t end = (size_t)(shared->tasks.base - (uint8_t *)shared) +
		     2 * TASKS_MAX * shared->tasks.object_size;

	memcpy(shared, picture, before);
	memcpy((uint8_t *)shared + behind, picture + behind, end - behind);
}

static void set_up(void)
{
	uint32_t retired = 0;
	char why[TUNABLE_WHY_MAX];
	uint8_t *map = mmap(NULL, SIZE + WD40_PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	claim(map != MAP_FAILED && mprotect(map + SIZE, WD40_PAGE_SIZE, PROT_NONE) == 0);
	shared = (struct wd40_shared *)map;
	topology = topology_make(NODES, DOMAINS, CPUS);
	claim(arena_lay_out(shared, SIZE, TASKS_MAX, topology) == 0);
	for (int id = 0; id < NR_TUNABLES; id++)
		claim(tunable_parse(id, tunables[id].default_text, &values.values[id], why) == 0);
	claim(arena_publish_config(shared, &values, 1, &retired) == 0);
	claim(arena_constants_new(shared, &constants) == 0);
	picture = malloc(SIZE);
	memcpy(picture, shared, SIZE);
}

/* --- What BPF writes. --------------------------------------------------------------------------- */

static void answer_move(struct fuzz_bytes *in)
{
	uint32_t slot = fuzz_below(in, 16);

	shared->moves[slot].answer = (u32)fuzz_number(in, 4);
}

/* A task as BPF would leave it, so that there is something to balance. */
static void add_task(struct fuzz_bytes *in)
{
	uint32_t index = fuzz_below(in, TASKS_MAX);
	struct wd40_task *t = arena_task(shared, index);

	t->slot.generation |= 1;
	t->index = index;
	t->domain = fuzz_below(in, NODES * DOMAINS);
	t->weight = (u16)(1 + fuzz_number(in, 2) % WD40_MAX_WEIGHT);
	t->flags = WD40_TASK_RUNNABLE;
	t->duty.avg = (u64)WD40_DUTY_ONE << WD40_RAVG_FRAC;
	t->duty.at = wd40_load_time(shared, wd40_clock_ns(shared));
	t->nr_allowed_domains = NODES * DOMAINS;
	t->allowed_domains[0] = ~0ull;
	shared->tasks.nr_chunks = shared->tasks.nr_chunks_max;
}

/* All CPUs online, and time passes. */
static void behave(struct fuzz_bytes *in)
{
	for (uint32_t i = 0; i < NODES * DOMAINS * CPUS; i++) {
		shared->cpus[i].capacity = 1024;
		shared->cpus[i].online = 1;
		shared->cpus[i].clock_ns += fuzz_number(in, 2) << 16;
	}
	for (uint32_t i = 0; i < NODES * DOMAINS; i++)
		shared->domains[i].capacity = CPUS * 1024;
}

/* --- What the daemon does. ---------------------------------------------------------------------- */

/* As the manager does it before a policy runs. */
static void put_back(void)
{
	arena_put_back_domains(shared, constants);
	claim(!arena_put_back_domains(shared, constants));
}

static void check_books(const struct balancer *b)
{
	const struct moves_counts *c = moves_counts(b->moves);
	uint64_t sum = c->withdrawn + c->pending;

	for (int i = 0; i < WD40_NR_MOVE_ANSWERS; i++)
		sum += c->answers[i];
	claim(c->requested == sum && c->pending <= WD40_MOVE_SLOTS);
	claim(b->nr_failed == 0);
	for (uint32_t i = 0; i < b->balance->nr_moves; i++) {
		const struct balance_move *m = &b->balance->moves[i];

		claim(m->from < NODES * DOMAINS && m->to < NODES * DOMAINS && m->from != m->to);
		claim(WD40_HANDLE_INDEX(m->task) < TASKS_MAX);
	}
}

static void run_policy(struct run *r, size_t which)
{
	const struct policy_snapshot in = { topology, &values, shared };
	const struct policy *p = policies[which];

	if (p->collect)
		p->collect(r->states[which], shared);
	p->run(r->states[which], &in);
	p->publish(r->states[which], shared);
	check_books(r->states[POLICY_BALANCER]);
}

static void check_json(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json_object_put(json_tokener_parse_ex(tokener, text, (int)strlen(text)));
	claim(json_tokener_get_error(tokener) == json_tokener_success);
	claim(!strstr(text, "Infinity") && !strstr(text, "NaN"));
	json_tokener_free(tokener);
}

/* Nothing is infinite; what is unknown is NaN. */
static void check_levels(enum statistic_scope scope, const void *record)
{
	for (size_t i = 0; i < nr_statistics; i++)
		if (statistics_table[i].scope == scope &&
		    statistics_table[i].type == STATISTIC_LEVEL)
			claim(!isinf(statistic_level(&statistics_table[i], record)));
}

static void check_statistics(const struct statistics *s)
{
	claim(s->nr_nodes == NODES && s->nr_domains == NODES * DOMAINS);
	check_levels(STATISTIC_MACHINE, &s->machine);
	for (uint32_t i = 0; i < s->nr_nodes; i++)
		check_levels(STATISTIC_NODE, &s->nodes[i]);
	for (uint32_t i = 0; i < s->nr_domains; i++)
		check_levels(STATISTIC_DOMAIN, &s->domains[i]);
}

static void take_statistics(struct run *r)
{
	struct statistics_source from = {
		.shared = shared,
		.topology = topology,
		.tuner = tuner_decided(r->states[POLICY_TUNER]),
		.balancer = r->states[POLICY_BALANCER],
		.clients = &r->clients,
	};

	claim(statistics_take(r->statistics, &from) == 0);
	statistics_subtract(r->statistics, r->base);
	check_statistics(r->statistics);
}

/* Once in a run: it takes longer than all the rest. */
static void tell(struct run *r)
{
	static const char request[] = "{\"req\":\"stats\"}";
	char *text = NULL;

	take_statistics(r);
	if (r->told)
		return;
	r->told = true;
	claim(stats_protocol_answer(request, strlen(request), r->statistics, &r->last, &text) == 0);
	check_json(text);
	free(text);
}

static void begin_anew(struct run *r)
{
	struct statistics *s = r->base;

	take_statistics(r);
	r->base = r->statistics;
	r->statistics = s;
}

static void end_scheduler(struct run *r)
{
	const struct sched_exit exit = {
		.kind = (uint32_t)fuzz_number(&r->in, 4),
		.code = (int64_t)fuzz_number(&r->in, 8),
	};
	struct sched_next next;

	free(arena_copy_exit_dump(shared, SIZE));
	r->now_usec += fuzz_number(&r->in, 4);
	next = sched_restart_next(&r->restart, &exit, r->now_usec);
	claim(next.delay_usec <= SCHED_RESTART_LONGEST_USEC);
	claim(r->restart.failures <= SCHED_RESTART_MAX_FAILURES || next.verdict != SCHED_RESTART);
	claim_printable(sched_exit_kind_name(exit.kind), 32);
	(void)sched_exit_blame(&exit);
}

/* --- Runs. -------------------------------------------------------------------------------------- */

static void step(struct run *r)
{
	switch (fuzz_below(&r->in, 12)) {
	case 0: add_task(&r->in); break;
	case 1: behave(&r->in); break;
	case 2: answer_move(&r->in); break;
	case 3: run_policy(r, POLICY_TUNER); break;
	case 4: run_policy(r, POLICY_BALANCER); break;
	case 5: tell(r); break;
	case 6: begin_anew(r); break;
	case 7: end_scheduler(r); break;
	case 8:
		scribble_anywhere(shared, &r->in);
		put_back();
		break;
	case 9:
		scribble_anywhere(shared, &r->in);
		arena_put_back(shared, constants);
		arena_update_cpus(shared, constants, topology);
		break;
	default: scribble(shared, TASKS_MAX, &r->in); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = { .in = { data, data + size } };

	if (!shared)
		set_up();
	restore();
	for (size_t i = 0; i < NR_POLICIES; i++)
		claim(policies[i]->new(topology, &r.states[i]) == 0);
	claim(statistics_new(&r.statistics) == 0 && statistics_new(&r.base) == 0);
	for (uint32_t i = 0; i < STEPS_MAX && r.in.at < r.in.end; i++)
		step(&r);
	run_policy(&r, POLICY_BALANCER);
	take_statistics(&r);
	for (size_t i = 0; i < NR_POLICIES; i++)
		policies[i]->free(r.states[i]);
	statistics_free(r.statistics);
	statistics_free(r.base);
	return 0;
}
