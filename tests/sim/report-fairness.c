// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>

#include "tests/sim/report-fairness.h"
#include "tests/sim/report-memory.h"

void fair_share_set_wants_run(struct fair_share *s, struct ideal *m, bool wants_run, u64 now_ns)
{
	if (s->wants_run == wants_run)
		return;
	s->wants_run = wants_run;
	if (wants_run) {
		s->wanted_from_ns = now_ns;
		s->ideal_from_ns = ideal_enter(m, s->class, now_ns);
		return;
	}
	s->wanted_ns += now_ns - s->wanted_from_ns;
	s->ideal_ns += ideal_leave(m, s->class, now_ns) - s->ideal_from_ns;
}

void fair_share_set_class(struct fair_share *s, struct ideal *m, u32 class, u64 now_ns)
{
	bool wanted_run = s->wants_run;

	if (s->class == class)
		return;
	fair_share_set_wants_run(s, m, false, now_ns);
	s->class = class;
	fair_share_set_wants_run(s, m, wanted_run, now_ns);
}

static void add(struct fairness *f, double error)
{
	if (f->nr == f->room) {
		f->room = f->room ? 2 * f->room : 64;
		f->errors = sim_grow(f->errors, f->room, sizeof(*f->errors));
	}
	f->errors[f->nr++] = error;
}

void fairness_judge(struct fairness *f, struct fair_share s, struct ideal *m, u64 now_ns)
{
	u64 life_ns = now_ns - s.born_ns;

	if (s.wants_run) {
		s.wanted_ns += now_ns - s.wanted_from_ns;
		s.ideal_ns += ideal_work_ns(m, s.class, now_ns) - s.ideal_from_ns;
	}
	if (life_ns < FAIRNESS_LIFE_NS || s.wanted_ns < life_ns / 100 * FAIRNESS_DEMAND_PCT ||
	    fmax(s.ideal_ns, s.got_ns) < (double)FAIRNESS_WORK_NS || s.ideal_ns <= 0)
		return;
	add(f, fabs(s.got_ns - s.ideal_ns) / s.ideal_ns);
	f->off_ns += fabs(s.got_ns - s.ideal_ns);
	f->ideal_ns += s.ideal_ns;
}

void fairness_join(struct fairness *f, const struct fairness *other)
{
	for (u32 i = 0; i < other->nr; i++)
		add(f, other->errors[i]);
	f->off_ns += other->off_ns;
	f->ideal_ns += other->ideal_ns;
}

void fairness_done(struct fairness *f)
{
	free(f->errors);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double fairness_percentile(struct fairness *f, double percentile)
{
	u32 wanted = (u32)ceil(f->nr * percentile / 100);

	if (!f->nr)
		return 0;
	qsort(f->errors, f->nr, sizeof(*f->errors), compare);
	return f->errors[wanted ? wanted - 1 : 0];
}

double fairness_mean(const struct fairness *f)
{
	double sum = 0;

	for (u32 i = 0; i < f->nr; i++)
		sum += f->errors[i];
	return f->nr ? sum / f->nr : 0;
}

double fairness_overall(const struct fairness *f)
{
	return f->ideal_ns > 0 ? f->off_ns / f->ideal_ns : 0;
}
