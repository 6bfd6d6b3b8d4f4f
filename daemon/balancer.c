/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/balancer.h"

#include <errno.h>
#include <stdlib.h>

#define NSEC_PER_USEC 1000ull

static void *balancer_free(void *state)
{
	struct balancer *b = state;

	if (!b)
		return NULL;
	load_free(b->load);
	balance_free(b->balance);
	moves_free(b->moves);
	rest_free(b->rest);
	free(b);
	return NULL;
}

static int balancer_new(const struct topology *t, void **ret)
{
	struct balancer *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	if (load_new(t->nr_domains, &b->load) < 0 ||
	    balance_new(t->nr_domains, t->nr_nodes, &b->balance) < 0 || moves_new(&b->moves) < 0 ||
	    rest_new(&b->rest) < 0) {
		balancer_free(b);
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

static void on_ended(wd40_handle task, enum wd40_move_answer answer, void *userdata)
{
	struct balancer *b = userdata;

	if (answer == WD40_MOVE_APPLIED)
		rest_until(b->rest, task, b->round + BALANCER_REST_MOVED);
	else if (answer != WD40_MOVE_STALE && answer != WD40_MOVE_FREE)
		rest_until(b->rest, task, b->round + BALANCER_REST_REFUSED);
}

static void balancer_collect(void *state, struct wd40_shared *shared)
{
	struct balancer *b = state;

	moves_collect(b->moves, shared, on_ended, b);
}

int balancer_try(struct balancer *b, const struct policy_snapshot *in)
{
	const struct tunable_value *v = in->values->values;
	const struct balance_input input = {
		.load = b->load,
		.shared = in->shared,
		.rest = b->rest,
		.round = b->round,
		.interval_ns = v[TUNABLE_BALANCE_INTERVAL].usec * NSEC_PER_USEC,
		.kworkers = !v[TUNABLE_BALANCED_KWORKERS].b,
		.moves_max = moves_room(b->moves),
	};
	int r = load_read(b->load, in->shared);

	b->balance->nr_moves = 0;
	return r < 0 ? r : balance_plan(b->balance, &input);
}

static void balancer_run(void *state, const struct policy_snapshot *in)
{
	struct balancer *b = state;

	b->round++;
	if (balancer_try(b, in) < 0)
		b->nr_failed++;
	else
		balance_note(b->balance);
	if (!in->values->values[TUNABLE_LOAD_BALANCE].b)
		b->balance->nr_moves = 0;
}

static void balancer_publish(void *state, struct wd40_shared *shared)
{
	const struct balancer *b = state;

	for (uint32_t i = 0; i < b->balance->nr_moves; i++)
		moves_request(b->moves, shared, b->balance->moves[i].task, b->balance->moves[i].to);
}

const struct policy balancer_policy = {
	.name = "balancer",
	.interval = TUNABLE_BALANCE_INTERVAL,
	.new = balancer_new,
	.free = balancer_free,
	.collect = balancer_collect,
	.run = balancer_run,
	.publish = balancer_publish,
};
