/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel's verifier says to a BPF object: usage: verify BUDGET OBJECT...
 *
 * Loads each object once, as the daemon does, and prints for each program how many instructions the
 * verifier processed, how many it has with all that it calls, and how long the machine code is. Fails
 * when an object is refused, when a program takes more than BUDGET (lines "PROGRAM VERIFIED INSNS")
 * grants, or is not listed there. A line "PROGRAM+PROGRAM... INSNS" is a sum: what comes in one go may
 * have no more instructions than that together.
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

/* How many instructions of a program the verifier may process, and how many it may have. */
struct budget {
	unsigned long verified, insns;
};

/* What the file grants to a program; 0: it does not list it. */
static struct budget budget_of(FILE *file, const char *program)
{
	struct budget b = { 0 };
	char line[256], name[128];

	rewind(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%127s %lu %lu", name, &b.verified, &b.insns) == 3 &&
		    strcmp(name, program) == 0)
			return b;
	return (struct budget){ 0 };
}

/* Prints a program's line; false when it is over its budget, or has none. */
static bool check_program(const struct bpf_program *prog, FILE *budgets)
{
	const char *name = bpf_program__name(prog), *verdict = "";
	struct budget budget = budget_of(budgets, name);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info), insns;

	if (bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &size) < 0) {
		printf("%-24s not loaded: %s\n", name, strerror(errno));
		return false;
	}
	insns = info.xlated_prog_len / 8;
	if (!budget.verified)
		verdict = "  HAS NO BUDGET";
	else if (info.verified_insns > budget.verified || insns > budget.insns)
		verdict = "  IS OVER ITS BUDGET";
	printf("%-24s %8u %8lu %8u %8lu %10u%s\n", name, info.verified_insns, budget.verified,
	       insns, budget.insns, info.jited_prog_len, verdict);
	return !*verdict;
}

/* Instructions of a program that is loaded, 0 when there is none of that name. */
static unsigned long insns_of(struct bpf_object *object, const char *name)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(object, name);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (!prog || bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &size) < 0)
		return 0;
	return info.xlated_prog_len / 8;
}

/* False when it is over its budget, or sums up a program that there is not. Of another object: true. */
static bool check_sum(struct bpf_object *object, char *names, unsigned long budget)
{
	unsigned long sum = 0, insns;
	char *rest = names, *name;

	if (!bpf_object__find_program_by_name(object, strndupa(names, strcspn(names, "+"))))
		return true;
	printf("%s:", names);
	while ((name = strsep(&rest, "+"))) {
		insns = insns_of(object, name);
		if (!insns)
			printf(" NO %s", name);
		sum = insns ? sum + insns : budget + 1;
	}
	printf(" %lu of %lu insns%s\n", sum, budget, sum > budget ? "  IS OVER ITS BUDGET" : "");
	return sum <= budget;
}

static bool check_sums(struct bpf_object *object, FILE *budgets)
{
	char line[256], names[200];
	unsigned long budget;
	bool ok = true;

	rewind(budgets);
	while (fgets(line, sizeof(line), budgets))
		if (sscanf(line, "%199s %lu", names, &budget) == 2 && strchr(names, '+'))
			ok = check_sum(object, names, budget) && ok;
	return ok;
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
	printf("%-24s %8s %8s %8s %8s %10s\n", "program", "verified", "budget", "insns", "budget",
	       "jited");
	bpf_object__for_each_program(prog, object) ok = check_program(prog, budgets) && ok;
	return check_sums(object, budgets) && ok;
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
