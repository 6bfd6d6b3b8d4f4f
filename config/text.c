/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of tunables as text. Numbers are read and written without the C library's functions, which
 * follow the locale and accept more than is meant: hexadecimal, exponents, "inf", leading space.
 */
#include "config/tunables.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/cpusets.h"
#include "util/cleanup.h"
#include "util/duration.h"
#include "util/macro.h"

#define PERCENT_DECIMALS 9

static int refuse(char why[TUNABLE_WHY_MAX], int err, const char *reason)
{
	snprintf(why, TUNABLE_WHY_MAX, "%s", reason);
	return err;
}

static int refuse_range(char why[TUNABLE_WHY_MAX])
{
	return refuse(why, -ERANGE, "is out of range");
}

/* Text units in a stored unit: microseconds are stored. */
static double unit_scale(enum tunable_unit unit)
{
	return unit == UNIT_SEC ? 1e6 : 1;
}

static unsigned int unit_decimals(enum tunable_unit unit)
{
	if (unit == UNIT_PERCENT)
		return PERCENT_DECIMALS;
	return unit == UNIT_SEC ? 6 : 0;
}

/* Digits, as one number; infinite when there are very many. False without any. */
static bool take_digits(const char **at, double *number, double *power)
{
	const char *from = *at;

	*power = 1;
	for (; isdigit((unsigned char)**at); (*at)++) {
		*number = *number * 10 + (**at - '0');
		*power *= 10;
	}
	return *at > from;
}

/*
 * 12, 0.5 or -3. Digits and their power of ten are exact up to 2^53, so the quotient is the double
 * nearest to the text. Text with more digits than doubles have is out of everybody's range.
 */
static int parse_decimal(const char *text, bool fraction, double *ret, char why[TUNABLE_WHY_MAX])
{
	bool negative = *text == '-';
	double number = 0, power = 1;
	const char *at = text + negative;

	if (!take_digits(&at, &number, &power))
		return refuse(why, -EINVAL, *text ? "is not a number" : "is empty, not a number");
	power = 1;
	if (*at == '.') {
		at++;
		if (!take_digits(&at, &number, &power))
			return refuse(why, -EINVAL, "is not a number");
		if (*at == '\0' && !fraction)
			return refuse(why, -EINVAL, "is not a whole number");
	}
	if (*at != '\0')
		return refuse(why, -EINVAL, "is not a number");
	if (negative || !isfinite(number) || !isfinite(power))
		return refuse_range(why);
	*ret = number / power;
	return 0;
}

static int parse_bool(const char *text, bool *ret, char why[TUNABLE_WHY_MAX])
{
	static const char *const names[][2] = {
		{ "no", "yes" },
		{ "false", "true" },
		{ "off", "on" },
		{ "0", "1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (int value = 0; value < 2; value++) {
			if (strcasecmp(text, names[i][value]) != 0)
				continue;
			*ret = value;
			return 0;
		}
	}
	return refuse(why, -EINVAL, "is neither yes nor no");
}

/* A time with units of its own, like 4ms: microseconds. */
static int parse_duration(const char *text, double *ret, char why[TUNABLE_WHY_MAX])
{
	uint64_t usec;
	int r = duration_parse(text, &usec);

	if (r == -ERANGE)
		return refuse_range(why);
	if (r < 0)
		return refuse(why, r, "is neither a number nor a time like 4ms");
	*ret = (double)usec;
	return 0;
}

static int parse_plain(const struct tunable *t, const char *text, double *ret,
		       char why[TUNABLE_WHY_MAX])
{
	int r = parse_decimal(text, unit_decimals(t->unit) > 0, ret, why);

	if (r == 0)
		*ret *= unit_scale(t->unit);
	return r;
}

static bool has_letters(const char *text)
{
	for (; *text; text++)
		if ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z')
			return true;
	return false;
}

static int parse_number(const struct tunable *t, const char *text, struct tunable_value *ret,
			char why[TUNABLE_WHY_MAX])
{
	double number;
	int r;

	if (t->type == TUNABLE_USEC && has_letters(text))
		r = parse_duration(text, &number, why);
	else
		r = parse_plain(t, text, &number, why);
	if (r < 0)
		return r;
	if (number < t->min || number > t->max)
		return refuse_range(why);
	if (t->type == TUNABLE_UINT)
		ret->u = (uint32_t)number;
	else if (t->type == TUNABLE_USEC)
		ret->usec = (uint64_t)llround(number);
	else
		ret->percent = number;
	return 0;
}

int tunable_parse(enum tunable_id id, const char *text, struct tunable_value *ret,
		  char why[TUNABLE_WHY_MAX])
{
	const struct tunable *t = &tunables[id];

	if (t->type == TUNABLE_BOOL)
		return parse_bool(text, &ret->b, why);
	if (t->type == TUNABLE_LIST)
		return cpusets_normalize(text, &ret->list, why);
	return parse_number(t, text, ret, why);
}

int tunable_normalize(enum tunable_id id, const struct tunable_value *value,
		      struct tunable_value *ret, char why[TUNABLE_WHY_MAX])
{
	const struct tunable *t = &tunables[id];
	double number = t->min;

	if (t->type == TUNABLE_LIST)
		return cpusets_normalize(value->list, &ret->list, why);
	if (t->type == TUNABLE_UINT)
		number = value->u;
	else if (t->type == TUNABLE_USEC)
		number = (double)value->usec;
	else if (t->type == TUNABLE_PERCENT)
		number = value->percent;
	if (isnan(number))
		return refuse(why, -EINVAL, "is not a number");
	if (number < t->min || number > t->max)
		return refuse_range(why);
	*ret = *value;
	return 0;
}

/* number / 10^decimals, without zeros at the end. */
static char *format_decimal(uint64_t number, unsigned int decimals)
{
	uint64_t power = 1;
	char *text;
	int r;

	while (decimals > 0 && number % 10 == 0) {
		number /= 10;
		decimals--;
	}
	for (unsigned int i = 0; i < decimals; i++)
		power *= 10;
	if (decimals == 0)
		r = asprintf(&text, "%llu", (unsigned long long)number);
	else
		r = asprintf(&text, "%llu.%0*llu", (unsigned long long)(number / power),
			     (int)decimals, (unsigned long long)(number % power));
	return r < 0 ? NULL : text;
}

/* Values that no check has seen may come here too, for messages. */
static char *format_percent(double percent)
{
	char *text;

	if (percent >= 0 && percent <= 1e9)
		return format_decimal((uint64_t)llround(percent * 1e9), PERCENT_DECIMALS);
	return asprintf(&text, "%g", percent) < 0 ? NULL : text;
}

char *tunable_format(enum tunable_id id, const struct tunable_value *value)
{
	const struct tunable *t = &tunables[id];

	switch (t->type) {
	case TUNABLE_BOOL: return strdup(value->b ? "yes" : "no");
	case TUNABLE_UINT: return format_decimal(value->u, 0);
	case TUNABLE_USEC: return format_decimal(value->usec, unit_decimals(t->unit));
	case TUNABLE_PERCENT: return format_percent(value->percent);
	default: return strdup(value->list);
	}
}

char *tunable_show(enum tunable_id id, const struct tunable_value *value)
{
	_cleanup_(freep) char *text = tunable_format(id, value);
	const char *unit = tunable_unit_symbol(tunables[id].unit);
	char *shown;

	if (!text || (*text && !*unit))
		return TAKE_PTR(text);
	if (!*text)
		return strdup("none");
	return asprintf(&shown, "%s %s", text, unit) < 0 ? NULL : shown;
}

static char *number_range_text(const struct tunable *t)
{
	unsigned int decimals = unit_decimals(t->unit);
	double scale = t->type == TUNABLE_PERCENT ? 1e9 : 1;
	_cleanup_(freep) char *min = format_decimal((uint64_t)(t->min * scale), decimals);
	_cleanup_(freep) char *max = format_decimal((uint64_t)(t->max * scale), decimals);
	const char *unit = tunable_unit_symbol(t->unit);
	char *text;

	if (!min || !max || asprintf(&text, "%s to %s%s%s", min, max, *unit ? " " : "", unit) < 0)
		return NULL;
	return text;
}

char *tunable_range_text(enum tunable_id id)
{
	switch (tunables[id].type) {
	case TUNABLE_BOOL: return strdup("yes or no");
	case TUNABLE_LIST: return strdup("disjoint sets of CPUs like 0-3,8;0xf0");
	default: return number_range_text(&tunables[id]);
	}
}
