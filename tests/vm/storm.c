/* SPDX-License-Identifier: GPL-2.0-only */
/* So many short lives, one after the other: usage: storm LIVES. A small process forks fast. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int left = argc == 2 ? atoi(argv[1]) : 0; left > 0; left--) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) < 0) {
			perror("storm");
			return 1;
		}
	}
	return 0;
}
