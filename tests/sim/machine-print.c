/* SPDX-License-Identifier: GPL-2.0-only */
/* The text form of machines: written, CPUs of a kind on one line. */
#include <stdlib.h>

#include "tests/sim/machine-internal.h"

/* CPUs of one line: numbers grow by one each so many CPUs. */
struct run {
	u32 first, end; /* indices */
	u32 threads, l2_cpus, llc_cpus;
	bool own_l2;
};

struct printer {
	const struct sim_machine *m;
	bool *own_l2; /* per CPU: its L2 cache is not its core's alone */
	u32 next_core, next_llc;
	FILE *to;
};

static bool alike(const struct sim_cpu *a, const struct sim_cpu *b)
{
	return a->node == b->node && a->capacity == b->capacity;
}

/* CPUs that have the number of the first one, which is at offset in a struct sim_cpu. */
static u32 group_size(const struct sim_machine *m, u32 first, size_t offset)
{
#define NUMBER(i) (*(const u32 *)((const char *)&m->cpus[i] + offset))
	u32 n = 1;

	while (first + n < m->nr_cpus && NUMBER(first + n) == NUMBER(first) &&
	       alike(&m->cpus[first], &m->cpus[first + n]))
		n++;
	return n;
#undef NUMBER
}

static bool continues(const struct printer *p, const struct run *r)
{
	const struct sim_cpu *first = &p->m->cpus[r->first], *c = &p->m->cpus[r->end];
	u32 n = r->end - r->first;

	return alike(first, c) && p->own_l2[r->end] == r->own_l2 &&
	       c->core == first->core + n / r->threads &&
	       (!r->own_l2 || c->l2 == first->l2 + n / r->l2_cpus) &&
	       c->llc == first->llc + n / r->llc_cpus;
}

static struct run find_run(const struct printer *p, u32 first)
{
	const struct sim_machine *m = p->m;
	struct run r = {
		.first = first,
		.end = first + 1,
		.threads = group_size(m, first, offsetof(struct sim_cpu, core)),
		.l2_cpus = group_size(m, first, offsetof(struct sim_cpu, l2)),
		.llc_cpus = group_size(m, first, offsetof(struct sim_cpu, llc)),
		.own_l2 = p->own_l2[first],
	};

	while (r.end < m->nr_cpus && continues(p, &r))
		r.end++;
	return r;
}

/* Indices [first, end) as a list of ids; only those that are offline if so wished. */
static void print_ids(const struct printer *p, u32 first, u32 end, bool only_offline)
{
	const struct sim_cpu *c = p->m->cpus;
	const char *comma = "";

	for (u32 i = first, last; i < end; i = last + 1) {
		last = i;
		if (only_offline && c[i].online)
			continue;
		while (last + 1 < end && c[last + 1].id == c[last].id + 1 &&
		       !(only_offline && c[last + 1].online))
			last++;
		fprintf(p->to, last > i ? "%s%u-%u" : "%s%u", comma, c[i].id, c[last].id);
		comma = ",";
	}
}

/* A number is printed when it is not the next one anyway. */
static void print_number(const struct printer *p, const char *key, u32 number, u32 usual)
{
	if (number != usual)
		fprintf(p->to, " %s %u", key, number);
}

static void use(u32 *next, u32 number)
{
	if (number >= *next)
		*next = number + 1;
}

static void print_run(struct printer *p, const struct run *r)
{
	const struct sim_cpu *first = &p->m->cpus[r->first], *last = &p->m->cpus[r->end - 1];
	u32 n = r->end - r->first;

	fputs("cpus ", p->to);
	print_ids(p, r->first, r->end, false);
	print_number(p, "node", first->node, 0);
	print_number(p, "threads", r->threads, 1);
	print_number(p, "core", first->core, p->next_core);
	if (r->own_l2)
		fprintf(p->to, " l2 %u l2-cpus %u", first->l2, r->l2_cpus);
	print_number(p, "llc", first->llc, p->next_llc);
	if (r->llc_cpus < n)
		fprintf(p->to, " llc-cpus %u", r->llc_cpus);
	print_number(p, "capacity", first->capacity, CPUPERF_ONE);
	fputc('\n', p->to);
	use(&p->next_core, last->core);
	use(&p->next_llc, last->llc);
}

static void print_nodes(const struct printer *p)
{
	const struct sim_machine *m = p->m;

	for (u32 i = 0; i < m->nr_nodes; i++) {
		fprintf(p->to, "node %u distance", m->node_ids[i]);
		for (u32 to = 0; to < m->nr_nodes; to++)
			fprintf(p->to, " %u", m->distances[i * m->nr_nodes + to]);
		fputc('\n', p->to);
	}
}

/* Where CPUs of several cores have an L2 cache, that is not the core's alone. */
static void find_own_l2(const struct printer *p)
{
	const struct sim_machine *m = p->m;
	_cleanup_(freep) u32 *core = calloc(m->nr_cpus, sizeof(*core));
	_cleanup_(freep) bool *several = calloc(m->nr_cpus, sizeof(*several));

	if (!core || !several)
		return;
	for (u32 i = 0; i < m->nr_cpus; i++)
		core[m->cpus[i].l2] = m->cpus[i].core;
	for (u32 i = 0; i < m->nr_cpus; i++)
		several[m->cpus[i].l2] |= core[m->cpus[i].l2] != m->cpus[i].core;
	for (u32 i = 0; i < m->nr_cpus; i++)
		p->own_l2[i] = several[m->cpus[i].l2];
}

static bool any_offline(const struct sim_machine *m)
{
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (!m->cpus[i].online)
			return true;
	return false;
}

void sim_machine_print(const struct sim_machine *m, FILE *to)
{
	_cleanup_(freep) bool *own_l2 = calloc(m->nr_cpus, sizeof(*own_l2));
	struct printer p = { .m = m, .own_l2 = own_l2, .to = to };

	if (!own_l2)
		return;
	find_own_l2(&p);
	print_nodes(&p);
	for (u32 i = 0; i < m->nr_cpus;) {
		struct run r = find_run(&p, i);

		print_run(&p, &r);
		i = r.end;
	}
	if (!any_offline(m))
		return;
	fputs("offline ", to);
	print_ids(&p, 0, m->nr_cpus, true);
	fputc('\n', to);
}
