/* SPDX-License-Identifier: GPL-2.0-only */
/* The generators and their keys; sim --list prints it. */
#include "tests/sim/generator.h"

#define TASKS_MAX 1000000

#define TASKS(percent)                                                      \
	{ "tasks", 0, 0, TASKS_MAX, "so many in all; 0: as percent says" }, \
		{ "percent", percent, 1, 100000, "tasks for every hundred online CPUs" }

const struct sim_generator sim_generators[] = {
	{
		"hogs",
		"tasks that always want to run",
		{ TASKS(200) },
		sim_build_hogs,
	},
	{
		"nice",
		"hogs of different nice levels, evenly from -20 to 19",
		{ TASKS(200), { "levels", 5, 2, 40, "nice levels" } },
		sim_build_nice,
	},
	{
		"weights",
		"hogs and tasks that sleep, of weights from 1 to 10000",
		{ TASKS(300),
		  { "levels", 9, 2, 64, "weights, each so many times the one before" } },
		sim_build_weights,
	},
	{
		"skew",
		"the same, but all begin on the CPUs of a few caches, and are set free together",
		{ TASKS(300),
		  { "levels", 9, 2, 64, "weights" },
		  { "caches", 0, 0, 10000, "in so many they begin; 0: an eighth of them" },
		  { "free_ms", 100, 0, 1000000, "after so long they are set free" } },
		sim_build_skew,
	},
	{
		"periodic",
		"tasks that a timer wakes every 4 to 40 ms",
		{ TASKS(150), { "load", 30, 1, 100, "percent of a period that a task runs" } },
		sim_build_periodic,
	},
	{
		"pinned",
		"a hog bound to each CPU, and hogs whose affinity changes now and then",
		{ { "floaters", 0, 0, TASKS_MAX, "of the second sort; 0: one for each online CPU" },
		  { "change_ms", 50, 1, 100000, "CPU time that they use between two changes" } },
		sim_build_pinned,
	},
	{
		"chains",
		"the first task of a chain is woken by a timer, each further one by the one before",
		{ { "chains", 0, 0, 10000, "so many; 0: one for every two online CPUs" },
		  { "length", 4, 2, 100, "tasks in a chain" },
		  { "run_us", 200, 1, 1000000, "that each runs" },
		  { "period_us", 5000, 1, 1000000, "of the timer" } },
		sim_build_chains,
	},
	{
		"servers",
		"clients that think, ask any one of the servers and wait for the answer",
		{ { "clients", 0, 0, TASKS_MAX, "so many; 0: two for each online CPU" },
		  { "servers", 0, 0, TASKS_MAX, "so many; 0: one for each online CPU" },
		  { "think_us", 1000, 0, 1000000,
		    "that a client sleeps between two requests, about" },
		  { "run_us", 300, 1, 1000000, "that a request costs, about" } },
		sim_build_servers,
	},
	{
		"make",
		"a build: compilers are forked, read, work for 0.5 to 40 ms, and exit",
		{ { "jobs", 0, 0, 100000, "at once; 0: one for each online CPU" } },
		sim_build_make,
	},
	{
		"forks",
		"a fork storm: tasks that fork and fork children of a short life",
		{ { "parents", 0, 0, 10000, "who fork; 0: one for every four online CPUs" },
		  { "alive", 1000, 1, TASKS_MAX, "children at once, at most" },
		  { "child_us", 50, 0, 1000000, "that a child runs" } },
		sim_build_forks,
	},
	{
		"random",
		"everything: affinities, weights, changes of both, sleeps, locks, forks, exits, pins",
		{ { "kinds", 24, 1, 1000, "of tasks" },
		  { "tasks", 0, 0, TASKS_MAX, "at the start; 0: three for each online CPU" },
		  { "alive", 200, 1, TASKS_MAX, "forked children at once, at most" } },
		sim_build_random,
	},
	{ 0 },
};
