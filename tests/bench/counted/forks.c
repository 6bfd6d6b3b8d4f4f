/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forks PARENTS CHILDREN: parents at once, each of which starts this program anew so many times, one after the
 * other, and waits for it. Prints the seconds that it took.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/counted/load.h"

static const char usage[] = "forks PARENTS CHILDREN";

static void start_one(void)
{
	int pid = check(vfork(), "vfork");

	if (!pid) {
		execl("/proc/self/exe", "forks", "child", NULL);
		_exit(127);
	}
	wait_children(1);
}

static void parent(unsigned long children)
{
	for (; children; children--)
		start_one();
	_exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
	unsigned long parents, children;
	uint64_t start_ns = now_ns();

	if (argc == 2 && strcmp(argv[1], "child") == 0)
		return EXIT_SUCCESS;
	parents = argument(argv, 1, 1, usage);
	children = argument(argv, 2, 1, usage);
	for (unsigned long i = 0; i < parents; i++)
		if (!fork_bound())
			parent(children);
	wait_children(parents);
	figure("seconds", (double)(now_ns() - start_ns) / NSEC_PER_SEC);
	return EXIT_SUCCESS;
}
