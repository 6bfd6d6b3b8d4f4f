/* SPDX-License-Identifier: GPL-2.0-only */
/* A command line from a fuzzer's bytes: words with a newline or a NUL between them. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

struct words {
	int argc;
	char *argv[WORDS_MAX + 2];
	char *text;
};

static inline struct words words_new(const char *program, const uint8_t *data, size_t size)
{
	struct words w = { .argc = 1, .argv = { (char *)program }, .text = malloc(size + 1) };
	char *at = w.text, *end = w.text + size;

	memcpy(w.text, data, size);
	*end = '\0';
	for (char *c = w.text; c < end; c++)
		if (*c == '\n')
			*c = '\0';
	for (; at < end && w.argc <= WORDS_MAX; at += strlen(at) + 1)
		w.argv[w.argc++] = at;
	return w;
}

static inline void words_done(struct words *w)
{
	free(w->text);
}
