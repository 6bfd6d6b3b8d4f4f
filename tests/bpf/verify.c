/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel's verifier says to a BPF object: usage: verify BUDGET OBJECT...
 *
 * Loads each object once, as the daemon does, and prints for each program how many instructions the
 * verifier processed and how long the machine code is. Fails when an object is refused, when a program
 * takes more instructions than BUDGET (lines "PROGRAM INSNS") grants, or is not listed there.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/cleanup.h"

DEFINE_CLEANUP(struct bpf_object, bpf_object__close)

/* What the file grants to a program; 0: it does not list it. */
static unsigned long budget_of(FILE *file, const char *program)
{
	char line[256], name[128];
	unsigned long insns;

	rewind(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%127s %lu", name, &insns) == 2 && strcmp(name, program) == 0)
			return insns;
	return 0;
}

/* Prints a program's line; false when it is over its budget, or has none. */
static bool check_program(const struct bpf_program *prog, FILE *budgets)
{
	const char *name = bpf_program__name(prog), *verdict = "";
	unsigned long budget = budget_of(budgets, name);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &size) < 0) {
		printf("%-24s not loaded: %s\n", name, strerror(errno));
		return false;
	}
	if (!budget)
		verdict = "  HAS NO BUDGET";
	else if (info.verified_insns > budget)
		verdict = "  IS OVER ITS BUDGET";
	printf("%-24s %8u %8lu %10u %10u%s\n", name, info.verified_insns, budget,
	       info.xlated_prog_len / 8, info.jited_prog_len, verdict);
	return !*verdict;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static bool check_object(const char *path, FILE *budgets)
{
	_cleanup_(bpf_object__closep) struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *prog;
	struct timespec start;
	bool ok = true;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!object || bpf_object__load(object) < 0) {
		printf("%s: refused: %s\n", path, strerror(errno));
		return false;
	}
	printf("%s: loaded in %.1f s\n", path, seconds_since(&start));
	printf("%-24s %8s %8s %10s %10s\n", "program", "verified", "budget", "insns",
	       "jited bytes");
	bpf_object__for_each_program(prog, object) ok = check_program(prog, budgets) && ok;
	return ok;
}

int main(int argc, char **argv)
{
	_cleanup_(fclosep) FILE *budgets = NULL;
	bool ok = true;

	if (argc < 3) {
		fprintf(stderr, "usage: verify BUDGET OBJECT...\n");
		return 2;
	}
	budgets = fopen(argv[1], "re");
	if (!budgets) {
		perror(argv[1]);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		ok = check_object(argv[i], budgets) && ok;
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
