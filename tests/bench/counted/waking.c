/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * waking: counts how long woken tasks wait (waking.bpf.c). Says "attached", and at the end of its input prints
 * for each name and scheduling policy a line of JSON with the count, percentiles and the longest, in us.
 */
#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/counted/waking.h"
#include "util/cleanup.h"
#include "waking.skel.h"

DEFINE_CLEANUP(struct waking_bpf, waking_bpf__destroy)

/* The middle of a bucket, in us. */
static double bucket_us(uint32_t bucket)
{
	uint32_t shift = bucket < 2 * WAKING_PARTS ? 0 : bucket / WAKING_PARTS - 1;
	double parts = bucket - shift * WAKING_PARTS;

	return (parts + (shift ? 0.5 : 0)) * (double)(1ull << shift) / 1e3;
}

static double percentile_us(const struct waking_row *row, double part)
{
	double left = part * (double)row->count;
	uint32_t bucket = 0;

	for (; bucket < WAKING_BUCKETS - 1 && left >= row->buckets[bucket]; bucket++)
		left -= row->buckets[bucket];
	return bucket_us(bucket);
}

static void print_text(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			putchar('?');
		else
			printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void print_row(const struct waking_key *key, const struct waking_row *row)
{
	printf("{\"comm\": \"");
	print_text(key->comm);
	printf("\", \"policy\": %u, \"count\": %llu, \"p50_us\": %.3f, \"p99_us\": %.3f, \"max_us\": %.3f}\n",
	       key->policy, row->count, percentile_us(row, 0.5), percentile_us(row, 0.99),
	       (double)row->max_ns / 1e3);
}

static void print_rows(int map)
{
	struct waking_key key, *previous = NULL;
	struct waking_row row;

	for (; bpf_map_get_next_key(map, previous, &key) == 0; previous = &key)
		if (bpf_map_lookup_elem(map, &key, &row) == 0)
			print_row(&key, &row);
}

int main(void)
{
	_cleanup_(waking_bpf__destroyp) struct waking_bpf *skel = waking_bpf__open_and_load();
	char byte;

	if (!skel || waking_bpf__attach(skel) < 0)
		err(EXIT_FAILURE, "cannot attach");
	printf("attached\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	waking_bpf__detach(skel);
	print_rows(bpf_map__fd(skel->maps.rows));
	return EXIT_SUCCESS;
}
