/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU sets of run-time size. */
#include "daemon/cpuset.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BITS  64u
#define GROUP 32u /* bits between two commas of a mask */

static uint32_t capacity(const struct cpuset *s)
{
	return s->nr_words * BITS;
}

struct cpuset *cpuset_new(uint32_t nr_cpus)
{
	uint32_t nr_words = nr_cpus / BITS + !!(nr_cpus % BITS);
	struct cpuset *s = calloc(1, sizeof(*s) + nr_words * sizeof(s->words[0]));

	if (s)
		s->nr_words = nr_words;
	return s;
}

struct cpuset *cpuset_free(struct cpuset *s)
{
	free(s);
	return NULL;
}

/* Reads a number at *text and steps over it. Too large a one becomes UINT32_MAX. */
static int read_number(const char **text, const char *end, uint32_t *ret)
{
	uint64_t value = 0;
	const char *p = *text;

	if (p == end || !isdigit((unsigned char)*p))
		return -EINVAL;
	for (; p < end && isdigit((unsigned char)*p); p++) {
		value = value * 10 + (uint64_t)(*p - '0');
		if (value > UINT32_MAX)
			value = UINT32_MAX;
	}
	*text = p;
	*ret = (uint32_t)value;
	return 0;
}

/* "a" or "a-b" at *text, up to a comma or the end. */
static int read_range(const char **text, const char *end, uint32_t *ret_from, uint32_t *ret_to)
{
	int r;

	r = read_number(text, end, ret_from);
	if (r < 0)
		return r;
	*ret_to = *ret_from;
	if (*text < end && **text == '-') {
		(*text)++;
		r = read_number(text, end, ret_to);
		if (r < 0)
			return r;
	}
	if (*ret_to < *ret_from || (*text < end && **text != ','))
		return -EINVAL;
	return 0;
}

/* Parsers run twice: once to check, with store off, and then to change s. */
static int parse_list(struct cpuset *s, const char *text, const char *end, bool store)
{
	while (text < end) {
		uint32_t from, to;
		int r;

		r = read_range(&text, end, &from, &to);
		if (r < 0)
			return r;
		if (to >= capacity(s))
			return -ERANGE;
		for (uint32_t cpu = from; store && cpu <= to; cpu++)
			cpuset_set(s, cpu);
		if (text < end && ++text == end) /* a comma with nothing behind it */
			return -EINVAL;
	}
	return 0;
}

static int hex_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isxdigit((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return -EINVAL;
}

/* From the last digit, which has the lowest CPUs, to the first. */
static int parse_mask(struct cpuset *s, const char *text, const char *end, bool store)
{
	bool grouped = memchr(text, ',', (size_t)(end - text));
	uint64_t base = 0, bit = 0;

	for (const char *p = end; p-- > text;) {
		int value;

		if (*p == ',' && bit > base) {
			base += GROUP;
			bit = base;
			continue;
		}
		value = hex_value(*p);
		if (value < 0 || (grouped && bit == base + GROUP))
			return -EINVAL;
		if (value && bit >= capacity(s))
			return -ERANGE;
		if (value && store)
			s->words[bit / BITS] |= (uint64_t)value << bit % BITS;
		bit += 4;
	}
	return bit > base ? 0 : -EINVAL; /* no digits at all, or none before the first comma */
}

static int parse(struct cpuset *s, const char *text, const char *end, bool store)
{
	if (end - text >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return parse_mask(s, text + 2, end, store);
	return parse_list(s, text, end, store);
}

int cpuset_parse(struct cpuset *s, const char *text)
{
	const char *end = text + strlen(text);
	int r;

	while (text < end && isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	r = parse(s, text, end, false);
	if (r < 0)
		return r;
	cpuset_clear_all(s);
	return parse(s, text, end, true);
}

/* The last id of the run of ids that starts at from. */
static uint32_t run_end(const struct cpuset *s, uint32_t from)
{
	while (cpuset_test(s, from + 1))
		from++;
	return from;
}

char *cpuset_format(const struct cpuset *s)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (uint32_t cpu = cpuset_first(s), last; cpu != UINT32_MAX; cpu = cpuset_next(s, last)) {
		last = run_end(s, cpu);
		fprintf(f, ftell(f) > 0 ? ",%u" : "%u", cpu);
		if (last > cpu)
			fprintf(f, "-%u", last);
	}
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

void cpuset_set(struct cpuset *s, uint32_t cpu)
{
	s->words[cpu / BITS] |= 1ull << cpu % BITS;
}

void cpuset_clear_all(struct cpuset *s)
{
	memset(s->words, 0, s->nr_words * sizeof(s->words[0]));
}

bool cpuset_test(const struct cpuset *s, uint32_t cpu)
{
	return cpu < capacity(s) && s->words[cpu / BITS] >> cpu % BITS & 1;
}

uint32_t cpuset_count(const struct cpuset *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nr_words; i++)
		n += (uint32_t)__builtin_popcountll(s->words[i]);
	return n;
}

/* The lowest id >= from. */
static uint32_t find(const struct cpuset *s, uint32_t from)
{
	uint64_t mask = ~0ull << from % BITS;

	for (uint32_t i = from / BITS; i < s->nr_words; i++, mask = ~0ull)
		if (s->words[i] & mask)
			return i * BITS + (uint32_t)__builtin_ctzll(s->words[i] & mask);
	return UINT32_MAX;
}

uint32_t cpuset_first(const struct cpuset *s)
{
	return find(s, 0);
}

uint32_t cpuset_next(const struct cpuset *s, uint32_t after)
{
	return after == UINT32_MAX ? UINT32_MAX : find(s, after + 1);
}

bool cpuset_intersects(const struct cpuset *a, const struct cpuset *b)
{
	for (uint32_t i = 0; i < a->nr_words; i++)
		if (a->words[i] & b->words[i])
			return true;
	return false;
}

bool cpuset_equal(const struct cpuset *a, const struct cpuset *b)
{
	return !memcmp(a->words, b->words, a->nr_words * sizeof(a->words[0]));
}

void cpuset_copy(struct cpuset *into, const struct cpuset *from)
{
	memcpy(into->words, from->words, into->nr_words * sizeof(into->words[0]));
}

void cpuset_or(struct cpuset *into, const struct cpuset *from)
{
	for (uint32_t i = 0; i < into->nr_words; i++)
		into->words[i] |= from->words[i];
}

void cpuset_and(struct cpuset *into, const struct cpuset *with)
{
	for (uint32_t i = 0; i < into->nr_words; i++)
		into->words[i] &= with->words[i];
}

void cpuset_andnot(struct cpuset *into, const struct cpuset *without)
{
	for (uint32_t i = 0; i < into->nr_words; i++)
		into->words[i] &= ~without->words[i];
}
