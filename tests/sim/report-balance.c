// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/report-balance.h"
#include "tests/sim/report-memory.h"

#define CPU_CAPACITY 1024.0

int balance_init(struct balance *b, u32 nr_domains, u64 now_ns)
{
	*b = (struct balance){ .nr_domains = nr_domains, .windows_per_point = 1 };
	b->window.end_ns = now_ns + BALANCE_WINDOW_NS;
	b->domains = calloc(nr_domains, sizeof(*b->domains));
	b->window.loads = calloc(nr_domains, sizeof(*b->window.loads));
	b->points = calloc(BALANCE_POINTS, sizeof(*b->points));
	if (!b->domains || !b->window.loads || !b->points)
		return -ENOMEM;
	for (u32 d = 0; d < nr_domains; d++)
		b->domains[d].counted_at_ns = now_ns;
	return 0;
}

void balance_done(struct balance *b)
{
	for (u32 i = 0; i < b->nr_points; i++)
		free(b->points[i].loads);
	free(b->points);
	free(b->window.loads);
	free(b->domains);
}

static void count_up_to(struct balance_domain *dom, u64 now_ns)
{
	dom->weight_ns += (double)dom->weight * (double)(now_ns - dom->counted_at_ns);
	dom->counted_at_ns = now_ns;
}

void balance_add(struct balance *b, u32 domain, s64 weight, s32 waiting, u64 now_ns)
{
	struct balance_domain *dom = &b->domains[domain];

	count_up_to(dom, now_ns);
	dom->weight += (u64)weight;
	dom->nr_waiting += (u32)waiting;
}

void balance_add_capacity(struct balance *b, u32 domain, s32 capacity)
{
	b->domains[domain].capacity += (u32)capacity;
}

void balance_add_wait(struct balance *b, u64 wait_ns)
{
	struct balance_point *w = &b->window;

	w->nr_waits++;
	w->wait_sum_ns += wait_ns;
	if (wait_ns > w->wait_max_ns)
		w->wait_max_ns = wait_ns;
}

static double load_of(u64 capacity, double weight_ns)
{
	return weight_ns / BALANCE_WINDOW_NS / WD40_BASE_WEIGHT / ((double)capacity / CPU_CAPACITY);
}

/* Loads of the window, and the machine's. */
static double measure_loads(struct balance *b)
{
	double sum = 0;
	u64 capacity = 0;

	for (u32 d = 0; d < b->nr_domains; d++) {
		struct balance_domain *dom = &b->domains[d];

		count_up_to(dom, b->window.end_ns);
		b->window.loads[d] = dom->capacity ? load_of(dom->capacity, dom->weight_ns) : 0;
		sum += dom->weight_ns;
		capacity += dom->capacity;
		dom->weight_ns = 0;
	}
	return capacity ? load_of(capacity, sum) : 0;
}

static void measure_errors(struct balance *b, double mean_load)
{
	struct balance_point *w = &b->window;
	u32 nr = 0;

	w->error_mean = w->error_max = w->nr_errors = 0;
	for (u32 d = 0; d < b->nr_domains && mean_load > 0; d++) {
		double error = fabs(w->loads[d] / mean_load - 1);

		if (!b->domains[d].capacity)
			continue;
		w->error_mean += error;
		w->error_max = fmax(w->error_max, error);
		nr++;
	}
	if (nr) {
		w->error_mean /= nr;
		w->nr_errors = 1;
	}
}

static void add_sums(struct balance_sums *into, const struct balance_sums *s, int sign)
{
	into->idle_queued_ns += (u64)sign * s->idle_queued_ns;
	into->work_ns += sign * s->work_ns;
	into->due_ns += sign * s->due_ns;
}

/* Adds a point to another, which holds as much time times weight. */
static void merge(struct balance *b, struct balance_point *into, const struct balance_point *from,
		  u32 weight)
{
	u32 nr = into->nr_errors + from->nr_errors;

	for (u32 d = 0; d < b->nr_domains; d++)
		into->loads[d] += (from->loads[d] - into->loads[d]) / (weight + 1);
	if (nr)
		into->error_mean += (from->error_mean - into->error_mean) * from->nr_errors / nr;
	into->nr_errors = nr;
	into->error_max = fmax(into->error_max, from->error_max);
	into->nr_waits += from->nr_waits;
	into->wait_sum_ns += from->wait_sum_ns;
	if (from->wait_max_ns > into->wait_max_ns)
		into->wait_max_ns = from->wait_max_ns;
	add_sums(&into->sums, &from->sums, 1);
	into->end_ns = from->end_ns;
}

static void halve_points(struct balance *b)
{
	for (u32 i = 0; i < b->nr_points; i += 2) {
		merge(b, &b->points[i], &b->points[i + 1], 1);
		free(b->points[i + 1].loads);
		b->points[i / 2] = b->points[i];
	}
	b->nr_points /= 2;
	b->windows_per_point *= 2;
	b->nr_in_last = b->windows_per_point;
}

static void keep_window(struct balance *b)
{
	struct balance_point *w = &b->window;

	if (b->nr_points && b->nr_in_last < b->windows_per_point) {
		merge(b, &b->points[b->nr_points - 1], w, b->nr_in_last++);
		return;
	}
	if (b->nr_points == BALANCE_POINTS)
		halve_points(b);
	b->points[b->nr_points] = *w;
	b->points[b->nr_points++].loads = w->loads;
	b->nr_in_last = 1;
	w->loads = sim_grow(NULL, b->nr_domains, sizeof(*w->loads));
}

void balance_close(struct balance *b, u64 now_ns, const struct balance_sums *sums)
{
	while (balance_is_due(b, now_ns)) {
		double *loads;
		u64 end_ns = b->window.end_ns;

		b->window.sums = *sums;
		add_sums(&b->window.sums, &b->sums, -1);
		b->sums = *sums;
		measure_errors(b, measure_loads(b));
		keep_window(b);
		loads = b->window.loads;
		b->window = (struct balance_point){ .end_ns = end_ns + BALANCE_WINDOW_NS,
						    .loads = loads };
	}
}

void balance_errors(const struct balance *b, u32 first_point, double *ret_mean, double *ret_max)
{
	double sum = 0;
	u32 nr = 0;

	*ret_max = 0;
	for (u32 i = first_point; i < b->nr_points; i++) {
		sum += b->points[i].error_mean * b->points[i].nr_errors;
		nr += b->points[i].nr_errors;
		*ret_max = fmax(*ret_max, b->points[i].error_max);
	}
	*ret_mean = nr ? sum / nr : 0;
}

double balance_throughput(const struct balance *b, u32 first_point)
{
	struct balance_sums sums = { 0 };

	for (u32 i = first_point; i < b->nr_points; i++)
		add_sums(&sums, &b->points[i].sums, 1);
	return sums.due_ns > 0 ? sums.work_ns / sums.due_ns : -1;
}
