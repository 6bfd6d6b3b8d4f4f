/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hogs that begin in one domain, are set free, and are looked at: usage:
 * spread HOGS HEAVY CPU-LIST ROUNDS
 *
 * HOGS loops of C, the first HEAVY of them at nice -20, bound to the CPUs of CPU-LIST ("0-1,4"), run for
 * three rounds of the balancer, then may run everywhere. From then on prints, for each of ROUNDS rounds,
 *
 *	round ROUND WORST REQUESTED LOAD...
 *
 * the largest distance of a domain from the mean in percent, the moves requested since the attach, and
 * each domain's load; and at the end how much of a CPU each hog had since round 2, in permille
 *
 *	shares SHARE...
 *
 * It stays on the bus and asks once a round, since who starts a client for each look
 * is as large a load as a hog in an emulated guest.
 */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define BUS           "org.scx.Wd40", "/org/scx/Wd40", "org.scx.Wd40.Statistics"
#define HOGS_MAX      1024
#define BOUND_ROUNDS  3
#define SETTLED_ROUND 2
#define INTERVAL_US   2000000 /* the default of the tunable interval */
#define POLL_US       100000

static void die(const char *what, int err)
{
	fprintf(stderr, "spread: %s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

static cpu_set_t parse_cpus(const char *list)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for (char *end; *list; list = end + (*end == ',')) {
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (end == list || (*end && *end != ','))
			die(list, -EINVAL);
		for (; first <= last; first++)
			CPU_SET(first, &cpus);
	}
	return cpus;
}

static pid_t start_hog(const cpu_set_t *cpus, bool heavy)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setaffinity(0, sizeof(*cpus), cpus) < 0)
		die("affinity", -errno);
	if (heavy && setpriority(PRIO_PROCESS, 0, -20) < 0)
		die("nice -20", -errno);
	for (volatile unsigned int turn = 0;; turn++)
		;
}

static uint64_t get_rounds(sd_bus *bus)
{
	uint64_t rounds = 0;
	int r = sd_bus_get_property_trivial(bus, BUS, "BalanceRounds", NULL, 't', &rounds);

	if (r < 0)
		die("BalanceRounds", r);
	return rounds;
}

/* Sleeps until the balancer has had its next round. The daemon weighs much: it is asked twice or so. */
static void wait_for_round(sd_bus *bus)
{
	uint64_t before = get_rounds(bus);

	usleep(INTERVAL_US - POLL_US);
	while (get_rounds(bus) == before)
		usleep(POLL_US);
}

static uint64_t get_requested(sd_bus *bus)
{
	sd_bus_message *m = NULL;
	const char *name = "";
	uint64_t count = 0;
	int r = sd_bus_get_property(bus, BUS, "Moves", NULL, &m, "a{st}");

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{st}");
	while (r >= 0 && strcmp(name, "requested") != 0)
		r = sd_bus_message_read(m, "{st}", &name, &count);
	if (r < 0)
		die("Moves", r);
	sd_bus_message_unref(m);
	return count;
}

static void print_round(sd_bus *bus, int round)
{
	double load, capacity, imbalance, worst = 0;
	char loads[4096] = "";
	sd_bus_message *m = NULL;
	size_t used = 0;
	uint32_t id, node;
	int r = sd_bus_get_property(bus, BUS, "DomainLoads", NULL, &m, "a(uuddd)");

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "(uuddd)");
	while (r >= 0 && (r = sd_bus_message_read(m, "(uuddd)", &id, &node, &load, &capacity,
						  &imbalance)) > 0) {
		worst = fmax(worst, fabs(imbalance));
		used += (size_t)snprintf(loads + used, sizeof(loads) - used, " %.2f", load);
		if (used >= sizeof(loads))
			break;
	}
	if (r < 0)
		die("DomainLoads", r);
	sd_bus_message_unref(m);
	printf("round %d %.1f %llu%s\n", round, worst, (unsigned long long)get_requested(bus),
	       loads);
	fflush(stdout);
}

struct hog {
	pid_t pid;
	double had_s; /* when the shares began to count */
};

static double clock_s(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_time_s(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) ? 0 : clock_s(clock);
}

static void look_on(sd_bus *bus, struct hog *hogs, int n, int rounds)
{
	double since_s = 0;

	for (int round = 1; round <= rounds; round++) {
		wait_for_round(bus);
		print_round(bus, round);
		if (round != SETTLED_ROUND)
			continue;
		since_s = clock_s(CLOCK_MONOTONIC);
		for (int i = 0; i < n; i++)
			hogs[i].had_s = cpu_time_s(hogs[i].pid);
	}
	since_s = clock_s(CLOCK_MONOTONIC) - since_s;
	printf("shares");
	for (int i = 0; i < n; i++)
		printf(" %.0f", 1000 * (cpu_time_s(hogs[i].pid) - hogs[i].had_s) / since_s);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct hog hogs[HOGS_MAX];
	cpu_set_t bound, all;
	sd_bus *bus = NULL;
	int n, r;

	if (argc != 5 || atoi(argv[1]) > HOGS_MAX)
		return 2;
	n = atoi(argv[1]);
	bound = parse_cpus(argv[3]);
	sched_getaffinity(0, sizeof(all), &all);
	r = sd_bus_open_system(&bus);
	if (r < 0)
		die("bus", r);
	for (int i = 0; i < n; i++)
		hogs[i].pid = start_hog(&bound, i < atoi(argv[2]));
	for (int i = 0; i < BOUND_ROUNDS; i++)
		wait_for_round(bus);
	print_round(bus, 0);
	for (int i = 0; i < n; i++)
		sched_setaffinity(hogs[i].pid, sizeof(all), &all);
	look_on(bus, hogs, n, atoi(argv[4]));
	for (int i = 0; i < n; i++)
		kill(hogs[i].pid, SIGKILL);
	sd_bus_unref(bus);
	return 0;
}
