/* SPDX-License-Identifier: GPL-2.0-only */
/* What a target states of any input: where it is not so, the input is kept as a crash. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define claim(condition) ((condition) ? (void)0 : claim_fails(__FILE__, __LINE__, #condition))

static inline void claim_fails(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	abort();
}

/* A text that ends within size bytes and holds printable ASCII only. */
static inline void claim_printable(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	claim(length < size);
	for (size_t i = 0; i < length; i++)
		claim(text[i] >= ' ' && text[i] <= '~');
}

/* A text that ends within size bytes and is what text_copy_printable leaves as it is: lines apart. */
static inline void claim_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	char *copy = malloc(length + 1);

	claim(length < size);
	text_copy_printable(copy, length + 1, text);
	claim(strcmp(copy, text) == 0);
	free(copy);
}
