/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of CPUs as text. */
#include "config/cpusets.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

struct bits {
	bool cpu[CPUSETS_MAX_CPUS];
};

/* A piece of text that is not terminated. */
struct piece {
	const char *at, *end;
};

static void strip(struct piece *p)
{
	while (p->at < p->end && isspace((unsigned char)p->at[0]))
		p->at++;
	while (p->at < p->end && isspace((unsigned char)p->end[-1]))
		p->end--;
}

/* Takes a decimal number. Stops counting above the highest CPU id. */
static int take_cpu(struct piece *p, unsigned int *ret)
{
	unsigned int cpu = 0;

	if (p->at == p->end || !isdigit((unsigned char)*p->at))
		return -EINVAL;
	for (; p->at < p->end && isdigit((unsigned char)*p->at); p->at++)
		if (cpu < CPUSETS_MAX_CPUS)
			cpu = cpu * 10 + (unsigned int)(*p->at - '0');
	if (cpu >= CPUSETS_MAX_CPUS)
		return -ERANGE;
	*ret = cpu;
	return 0;
}

static int take_range(struct piece *p, struct bits *set)
{
	unsigned int first, last;
	int r;

	r = take_cpu(p, &first);
	if (r < 0)
		return r;
	last = first;
	if (p->at < p->end && *p->at == '-') {
		p->at++;
		r = take_cpu(p, &last);
		if (r < 0)
			return r;
	}
	if (last < first)
		return -EINVAL;
	for (unsigned int cpu = first; cpu <= last; cpu++)
		set->cpu[cpu] = true;
	return 0;
}

static int parse_list(struct piece p, struct bits *set)
{
	for (;;) {
		int r = take_range(&p, set);

		if (r < 0)
			return r;
		if (p.at == p.end)
			return 0;
		if (*p.at++ != ',')
			return -EINVAL;
	}
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? (int)(found - digits) : -EINVAL;
}

static int set_digit(struct bits *set, size_t first_cpu, int digit)
{
	for (size_t i = 0; i < 4; i++) {
		if (!(digit & 1 << i))
			continue;
		if (first_cpu + i >= CPUSETS_MAX_CPUS)
			return -ERANGE;
		set->cpu[first_cpu + i] = true;
	}
	return 0;
}

/* From the right: a digit is four CPUs, and behind a comma begin the next 32. */
static int parse_mask(struct piece p, struct bits *set)
{
	bool grouped = memchr(p.at, ',', (size_t)(p.end - p.at));
	size_t group = 0, in_group = 0;

	while (p.end > p.at) {
		char c = *--p.end;
		int digit = hex_digit(c), r;

		if (c == ',' && in_group > 0) {
			group++;
			in_group = 0;
			continue;
		}
		if (digit < 0 || (grouped && in_group == 8))
			return -EINVAL;
		r = set_digit(set, group * 32 + in_group * 4, digit);
		if (r < 0)
			return r;
		in_group++;
	}
	return in_group > 0 ? 0 : -EINVAL;
}

static int parse_set(struct piece p, struct bits *set)
{
	strip(&p);
	if (p.at == p.end)
		return 0;
	if (p.end - p.at > 2 && p.at[0] == '0' && (p.at[1] == 'x' || p.at[1] == 'X')) {
		p.at += 2;
		return parse_mask(p, set);
	}
	return parse_list(p, set);
}

/* Writes a set as a list and counts its CPUs in all. Returns the CPU that all had before, or -1. */
static int write_set(FILE *f, const struct bits *set, struct bits *all, size_t *nr_cpus)
{
	for (int cpu = 0; cpu < CPUSETS_MAX_CPUS; cpu++) {
		int first = cpu;

		if (!set->cpu[cpu])
			continue;
		for (; cpu < CPUSETS_MAX_CPUS && set->cpu[cpu]; cpu++) {
			if (all->cpu[cpu])
				return cpu;
			all->cpu[cpu] = true;
		}
		fprintf(f, "%s%d", *nr_cpus ? "," : "", first);
		if (cpu - first > 1)
			fprintf(f, "-%d", cpu - 1);
		*nr_cpus += (size_t)(cpu - first);
	}
	return -1;
}

static int copy_set(struct piece p, FILE *f, struct bits *all, char why[TUNABLE_WHY_MAX])
{
	struct bits set = { 0 };
	size_t nr_cpus = 0;
	int r, again;

	r = parse_set(p, &set);
	if (r == -ERANGE) {
		snprintf(why, TUNABLE_WHY_MAX, "has a CPU id above %d", CPUSETS_MAX_CPUS - 1);
		return r;
	}
	if (r < 0) {
		snprintf(why, TUNABLE_WHY_MAX, "has a set that is no CPU list and no mask");
		return r;
	}
	again = write_set(f, &set, all, &nr_cpus);
	if (again >= 0) {
		snprintf(why, TUNABLE_WHY_MAX, "has CPU %d in two sets", again);
		return -EEXIST;
	}
	if (nr_cpus == 0) {
		snprintf(why, TUNABLE_WHY_MAX, "has an empty set");
		return -EINVAL;
	}
	return 0;
}

static int copy_sets(const char *text, FILE *f, char why[TUNABLE_WHY_MAX])
{
	struct bits all = { 0 };

	for (;;) {
		struct piece p = { text, strchrnul(text, ';') };
		int r = copy_set(p, f, &all, why);

		if (r < 0 || *p.end == '\0')
			return r;
		text = p.end + 1;
		fputc(';', f);
	}
}

int cpusets_normalize(const char *text, char **ret, char why[TUNABLE_WHY_MAX])
{
	_cleanup_(freep) char *sets = NULL;
	size_t size;
	int r = 0;
	FILE *f;

	f = open_memstream(&sets, &size);
	if (!f)
		return -ENOMEM;
	if (text[strspn(text, " \t")] != '\0')
		r = copy_sets(text, f, why);
	if (ferror(f) | fclose(f))
		return -ENOMEM;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(sets);
	return 0;
}
