/* SPDX-License-Identifier: GPL-2.0-only */
/* What messages hold, by a fuzzer's bytes. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "tests/fuzz/bytes.h"

#define ARGUMENTS_TEXT_MAX 1024u /* bytes of a text */

struct arguments {
	struct fuzz_bytes *in;
	const char *(*any_text)(struct fuzz_bytes *in); /* valid until the next */
};

/* Appends values of the types, whatever they are; or a variant of one type. sd-bus's errors. */
int arguments_append(sd_bus_message *m, const char *types, const struct arguments *a);
int arguments_append_variant(sd_bus_message *m, const char *type, const struct arguments *a);

/* Whether it is a single complete type. */
bool arguments_is_one(const char *types);

/* Any printable text; and one that a terminal may obey. Valid until the next. */
const char *arguments_any_text(struct fuzz_bytes *in);
const char *arguments_any_raw_text(struct fuzz_bytes *in);
