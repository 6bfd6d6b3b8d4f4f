/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "dbus/options.h"
#include "util/text.h"

static const struct {
	const char *name;
	enum call_option option;
	const char *signature;
} options[] = {
	{ "persist", OPTION_PERSIST, "s" },
	{ "expected-generation", OPTION_EXPECTED_GENERATION, "t" },
	{ "expected-instance", OPTION_EXPECTED_INSTANCE, "s" },
	{ "dry-run", OPTION_DRY_RUN, "b" },
	{ "confirm-timeout-usec", OPTION_CONFIRM_TIMEOUT, "t" },
	{ "reason", OPTION_REASON, "s" },
};

struct option_value {
	const char *text;
	uint64_t number;
	int flag;
};

static int take_persist(const char *text, struct transaction_terms *terms, struct refusal *refusal)
{
	terms->persist = strcmp(text, "disk") == 0;
	if (terms->persist || strcmp(text, "runtime") == 0)
		return 0;
	return refuse(refusal, REFUSED_INVALID, "persist: is neither \"runtime\" nor \"disk\"");
}

static int take(enum call_option option, const struct option_value *value,
		struct transaction_terms *terms, char reason[REASON_MAX + 1],
		struct refusal *refusal)
{
	switch (option) {
	case OPTION_PERSIST: return take_persist(value->text, terms, refusal);
	case OPTION_EXPECTED_GENERATION:
		terms->expects_generation = true;
		terms->expected_generation = value->number;
		break;
	case OPTION_EXPECTED_INSTANCE: terms->expected_instance = value->text; break;
	case OPTION_DRY_RUN: terms->dry_run = value->flag; break;
	case OPTION_CONFIRM_TIMEOUT:
		terms->on_trial = true;
		terms->confirm_timeout_usec = value->number;
		break;
	case OPTION_REASON:
		text_copy_printable(reason, REASON_MAX + 1, value->text);
		terms->author.reason = reason;
		break;
	}
	return 0;
}

static int read_variant(sd_bus_message *m, char type, struct option_value *value)
{
	const char signature[] = { type, '\0' };

	switch (type) {
	case 's': return sd_bus_message_read(m, "v", signature, &value->text);
	case 't': return sd_bus_message_read(m, "v", signature, &value->number);
	default: return sd_bus_message_read(m, "v", signature, &value->flag);
	}
}

static int read_option(sd_bus_message *m, unsigned int accepted, struct transaction_terms *terms,
		       char reason[REASON_MAX + 1], struct refusal *refusal)
{
	struct option_value value = { 0 };
	const char *name;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!(options[i].option & accepted) || strcmp(options[i].name, name) != 0)
			continue;
		r = read_variant(m, options[i].signature[0], &value);
		if (r == -ENXIO)
			return refuse(refusal, REFUSED_INVALID, "option %s: is not of type %s",
				      name, options[i].signature);
		return r < 0 ? r : take(options[i].option, &value, terms, reason, refusal);
	}
	return refuse(refusal, REFUSED_UNKNOWN_OPTION, "%.100s: unknown option", name);
}

int options_read(sd_bus_message *m, unsigned int accepted, struct transaction_terms *terms,
		 char reason[REASON_MAX + 1], struct refusal *refusal)
{
	size_t n = 0;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		if (n++ == ARRAY_SIZE(options))
			return refuse(refusal, REFUSED_LIMIT_EXCEEDED,
				      "more options than there are");
		r = read_option(m, accepted, terms, reason, refusal);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}
