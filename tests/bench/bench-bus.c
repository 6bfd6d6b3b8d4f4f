/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of the daemon's that costs little itself, for bench_service.py:
 *
 *	bench-bus get N			reads a property N times; prints the median round trip in us
 *	bench-bus statistics N		the same for GetStatistics
 *	bench-bus subscribe N SECONDS	N connections with a subscription at 10 Hz each, to everything; prints
 *					the samples that came in so many seconds
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "util/cleanup.h"

#define PLACE "org.scx.Wd40", "/org/scx/Wd40"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int check(int r, const char *what)
{
	if (r >= 0)
		return r;
	fprintf(stderr, "%s: %s\n", what, strerror(-r));
	exit(EXIT_FAILURE);
}

static int call(sd_bus *bus, bool all)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

	if (all)
		return sd_bus_call_method(bus, PLACE, "org.scx.Wd40.Statistics", "GetStatistics",
					  NULL, &reply, "a{sv}", 0);
	return sd_bus_call_method(bus, PLACE, "org.freedesktop.DBus.Properties", "Get", NULL,
				  &reply, "ss", "org.scx.Wd40.Statistics", "Queued");
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void round_trips(bool all, size_t n)
{
	_cleanup_(freep) uint64_t *took = calloc(n, sizeof(*took));
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

	check(took ? 0 : -ENOMEM, "memory");
	check(sd_bus_open_system(&bus), "bus");
	for (size_t i = 0; i < n; i++) {
		uint64_t start = now_ns();

		check(call(bus, all), "call");
		took[i] = now_ns() - start;
	}
	qsort(took, n, sizeof(*took), compare);
	printf("%.1f\n", (double)took[n / 2] / 1000);
}

static uint64_t take(sd_bus *bus)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	uint64_t samples = 0;

	while (check(sd_bus_process(bus, &m), "bus") > 0) {
		samples += m && sd_bus_message_is_signal(m, "org.scx.Wd40.Statistics", "Sample");
		m = sd_bus_message_unref(m);
	}
	return samples;
}

static void subscribe(size_t n, unsigned int seconds)
{
	_cleanup_(freep) struct pollfd *fds = calloc(n, sizeof(*fds));
	_cleanup_(freep) sd_bus **buses = calloc(n, sizeof(*buses));
	uint64_t samples = 0, end;

	check(fds && buses ? 0 : -ENOMEM, "memory");
	for (size_t i = 0; i < n; i++) {
		check(sd_bus_open_system(&buses[i]), "bus");
		check(sd_bus_call_method(buses[i], PLACE, "org.scx.Wd40.Statistics", "Subscribe",
					 NULL, NULL, "ta{sv}", (uint64_t)100000, 0),
		      "Subscribe");
		fds[i] = (struct pollfd){ .fd = sd_bus_get_fd(buses[i]), .events = POLLIN };
	}
	puts("subscribed");
	fflush(stdout);
	end = now_ns() + seconds * 1000000000ull;
	while (now_ns() < end && poll(fds, n, 100) >= 0)
		for (size_t i = 0; i < n; i++)
			if (fds[i].revents)
				samples += take(buses[i]);
	printf("%llu\n", (unsigned long long)samples);
	for (size_t i = 0; i < n; i++)
		sd_bus_flush_close_unref(buses[i]);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "get") == 0) {
		round_trips(false, strtoul(argv[2], NULL, 10));
	} else if (argc == 3 && strcmp(argv[1], "statistics") == 0) {
		round_trips(true, strtoul(argv[2], NULL, 10));
	} else if (argc == 4 && strcmp(argv[1], "subscribe") == 0) {
		subscribe(strtoul(argv[2], NULL, 10), (unsigned int)atoi(argv[3]));
	} else {
		fprintf(stderr, "usage: bench-bus get N|statistics N|subscribe N SECONDS\n");
		return 2;
	}
	return EXIT_SUCCESS;
}
