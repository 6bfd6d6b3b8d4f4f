/* SPDX-License-Identifier: GPL-2.0-only */
#include "util/duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  (1000 * USEC_PER_MSEC)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)

static const struct unit {
	const char *name;
	uint64_t usec;
} units[] = {
	{ "us", 1 },
	{ "ms", USEC_PER_MSEC },
	{ "s", USEC_PER_SEC },
	{ "sec", USEC_PER_SEC },
	{ "m", USEC_PER_MIN },
	{ "min", USEC_PER_MIN },
	{ "h", USEC_PER_HOUR },
	{ "d", USEC_PER_DAY },
};

static const struct unit *find_unit(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == length && strncmp(units[i].name, name, length) == 0)
			return &units[i];
	return NULL;
}

/* Digits with an optional fraction: number = whole + part / power. Digits behind the sixth are dropped. */
static int take_number(const char **at, uint64_t *whole, uint64_t *part, uint64_t *power)
{
	const char *p = *at;

	*whole = *part = 0;
	*power = 1;
	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(*whole, 10, whole) ||
		    __builtin_add_overflow(*whole, (uint64_t)(*p - '0'), whole))
			return -ERANGE;
	if (*p == '.' && !isdigit((unsigned char)*++p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		if (*power >= USEC_PER_SEC)
			continue;
		*part = *part * 10 + (uint64_t)(*p - '0');
		*power *= 10;
	}
	*at = p;
	return 0;
}

static const char *skip_space(const char *at)
{
	return at + strspn(at, " ");
}

/* The unit at that place: behind a number that is all there is it may be left out. */
static const struct unit *take_unit(const char **at, bool alone)
{
	static const struct unit second = { "", USEC_PER_SEC };
	size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
	const struct unit *unit = length ? find_unit(*at, length) : NULL;

	if (!length && alone && !**at)
		return &second;
	*at += length;
	return unit;
}

/* One number with its unit, added to the sum. */
static int take_term(const char **at, bool first, uint64_t *usec)
{
	uint64_t whole, part, power, term;
	const struct unit *unit;
	int r = take_number(at, &whole, &part, &power);

	if (r < 0)
		return r;
	*at = skip_space(*at);
	unit = take_unit(at, first);
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit->usec, &term) ||
	    __builtin_add_overflow(term, part * unit->usec / power, &term) ||
	    __builtin_add_overflow(*usec, term, usec))
		return -ERANGE;
	*at = skip_space(*at);
	return 0;
}

int duration_parse(const char *text, uint64_t *ret_usec)
{
	bool first = true;
	uint64_t usec = 0;
	int r;

	text = skip_space(text);
	do {
		r = take_term(&text, first, &usec);
		if (r < 0)
			return r;
		first = false;
	} while (*text);
	*ret_usec = usec;
	return 0;
}

const char *duration_format(uint64_t usec, char text[DURATION_MAX])
{
	static const struct {
		const char *name, *small_name;
		uint64_t usec, small_usec;
	} pairs[] = {
		{ "d", "h", USEC_PER_DAY, USEC_PER_HOUR },
		{ "h", "min", USEC_PER_HOUR, USEC_PER_MIN },
		{ "min", "s", USEC_PER_MIN, USEC_PER_SEC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		uint64_t rest = usec % pairs[i].usec / pairs[i].small_usec;

		if (usec < pairs[i].usec)
			continue;
		if (rest)
			snprintf(text, DURATION_MAX, "%" PRIu64 "%s %" PRIu64 "%s",
				 usec / pairs[i].usec, pairs[i].name, rest, pairs[i].small_name);
		else
			snprintf(text, DURATION_MAX, "%" PRIu64 "%s", usec / pairs[i].usec,
				 pairs[i].name);
		return text;
	}
	if (usec >= USEC_PER_SEC && usec % USEC_PER_SEC >= USEC_PER_SEC / 10)
		snprintf(text, DURATION_MAX, "%" PRIu64 ".%" PRIu64 "s", usec / USEC_PER_SEC,
			 usec % USEC_PER_SEC / (USEC_PER_SEC / 10));
	else if (usec >= USEC_PER_SEC)
		snprintf(text, DURATION_MAX, "%" PRIu64 "s", usec / USEC_PER_SEC);
	else if (usec >= USEC_PER_MSEC)
		snprintf(text, DURATION_MAX, "%" PRIu64 "ms", usec / USEC_PER_MSEC);
	else
		snprintf(text, DURATION_MAX, "%" PRIu64 "us", usec);
	return text;
}
