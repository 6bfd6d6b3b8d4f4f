/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a target in a build without libFuzzer: each file of its corpus, then as many inputs as wanted that
 * are made of them, the same ones each time.
 *
 *	fuzz-NAME [-runs=N] FILE...
 *
 * The input that is being run is in the file fuzz-NAME.input, which is left behind when it is fatal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/file.h"

#define INPUT_MAX   4096u
#define CHANGES_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	size_t size;
	uint8_t bytes[INPUT_MAX];
};

struct corpus {
	struct input *inputs;
	size_t n;
};

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- Inputs. ------------------------------------------------------------------------------------ */

static struct corpus read_corpus(char **paths, size_t n)
{
	struct corpus c = { calloc(n, sizeof(struct input)), n };

	for (size_t i = 0; i < n; i++) {
		_cleanup_(freep) char *text = NULL;
		int r = file_read(paths[i], INPUT_MAX, &text, &c.inputs[i].size);

		errno = -r;
		if (r < 0)
			die(paths[i]);
		memcpy(c.inputs[i].bytes, text, c.inputs[i].size);
	}
	return c;
}

/* xorshift64: the same numbers everywhere. */
static uint64_t next_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t below(size_t n)
{
	return n ? next_random() % n : 0;
}

/* Replaces what stands in [at, at + length) by as much of the piece as there is room for. */
static void replace(struct input *in, size_t at, size_t length, const uint8_t *piece, size_t size)
{
	size_t behind = in->size - at - length;

	if (size > INPUT_MAX - at - behind)
		size = INPUT_MAX - at - behind;
	memmove(in->bytes + at + size, in->bytes + at + length, behind);
	memcpy(in->bytes + at, piece, size);
	in->size = at + size + behind;
}

static void change(struct input *in, const struct corpus *c)
{
	const struct input *other = &c->inputs[below(c->n)];
	size_t at = below(in->size), length = below(in->size - at + 1), from = below(other->size);
	uint8_t byte = (uint8_t)next_random();

	switch (below(5)) {
	case 0: replace(in, at, in->size > 0, &byte, 1); break;
	case 1: replace(in, at, 0, &byte, 1); break;
	case 2: replace(in, at, length, &byte, 0); break;
	case 3:
		replace(in, at, below(2) ? length : 0, other->bytes + from,
			below(other->size - from + 1));
		break;
	default:
		if (in->size)
			in->bytes[at] ^= (uint8_t)(1u << below(8));
	}
}

/* --- Runs. -------------------------------------------------------------------------------------- */

/* Where the input that is being run can be found after its end. */
static struct input *share_input(const char *program, char path[64])
{
	const char *name = strrchr(program, '/');
	_cleanup_(closep) int fd = -EBADF;
	void *map;

	snprintf(path, 64, "%.50s.input", name ? name + 1 : program);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof(struct input)) < 0)
		die(path);
	map = mmap(NULL, sizeof(struct input), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die(path);
	return map;
}

static void run(const struct input *in)
{
	/* of its own size, so that a read beyond its end is found */
	_cleanup_(freep) uint8_t *bytes = malloc(in->size ?: 1);

	memcpy(bytes, in->bytes, in->size);
	LLVMFuzzerTestOneInput(bytes, in->size);
}

static void run_all(const struct corpus *c, unsigned long runs, struct input *in)
{
	for (size_t i = 0; i < c->n; i++) {
		*in = c->inputs[i];
		run(in);
	}
	for (unsigned long i = 0; i < runs; i++) {
		*in = c->inputs[below(c->n)];
		for (size_t changes = 1 + below(CHANGES_MAX); changes; changes--)
			change(in, c);
		run(in);
	}
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

int main(int argc, char **argv)
{
	unsigned long runs = 0;
	struct timespec start;
	struct corpus corpus;
	char path[64];
	int first = 1;

	if (argc > first && sscanf(argv[first], "-runs=%lu", &runs) == 1)
		first++;
	if (argc == first) {
		fprintf(stderr, "usage: %s [-runs=N] FILE...\n", argv[0]);
		return 2;
	}
	corpus = read_corpus(argv + first, (size_t)(argc - first));
	clock_gettime(CLOCK_MONOTONIC, &start);
	run_all(&corpus, runs, share_input(argv[0], path));
	printf("%zu inputs in %.1f s\n", corpus.n + runs, seconds_since(&start));
	free(corpus.inputs);
	return unlink(path) < 0 ? 2 : 0;
}
