/* SPDX-License-Identifier: GPL-2.0-only */
/* How busy each CPU was lately, from /proc/stat. */
#include "daemon/procstat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN      (-1.0)
#define BUFFER_BYTES 16384

/* Columns of a CPU's line. guest and guest_nice follow; they are in user and nice already. */
enum {
	USER,
	NICE,
	SYSTEM,
	IDLE,
	IOWAIT,
	IRQ,
	SOFTIRQ,
	NR_COLUMNS
};

/* Ticks counted for a CPU up to its last reading. */
struct reading {
	uint64_t busy, idle;
	uint64_t round; /* 0 = none yet, or not since it was offline */
};

struct procstat {
	int fd;
	uint32_t nr_cpus;
	uint64_t round;
	struct reading *last;
	double *busy_pct;
	struct procstat_ticks ticks;
	char buffer[BUFFER_BYTES];
};

/* A counter may go backwards for a moment, and then has not moved. */
static uint64_t advance(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static void take_reading(struct procstat *p, uint32_t cpu, uint64_t busy, uint64_t idle)
{
	struct reading *last = &p->last[cpu];
	uint64_t busy_ticks = advance(last->busy, busy), idle_ticks = advance(last->idle, idle);

	if (last->round && busy_ticks + idle_ticks) {
		p->busy_pct[cpu] = 100.0 * (double)busy_ticks / (double)(busy_ticks + idle_ticks);
		p->ticks.busy += busy_ticks;
		p->ticks.all += busy_ticks + idle_ticks;
	}
	*last = (struct reading){ busy, idle, p->round };
}

static const char *read_ticks(const char *p, const char *end, uint64_t *ret)
{
	uint64_t value = 0;

	while (p < end && *p == ' ')
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	*ret = value;
	return p;
}

/* A line "cpu<id> <ticks>.."; the one of all CPUs together has no id. */
static void parse_line(struct procstat *p, const char *line, const char *end)
{
	uint64_t id, c[NR_COLUMNS];

	line += strlen("cpu");
	if (line == end || *line < '0' || *line > '9')
		return;
	line = read_ticks(line, end, &id);
	if (id >= p->nr_cpus)
		return;
	for (int i = 0; i < NR_COLUMNS; i++)
		line = read_ticks(line, end, &c[i]);
	take_reading(p, (uint32_t)id, c[USER] + c[NICE] + c[SYSTEM] + c[IRQ] + c[SOFTIRQ],
		     c[IDLE] + c[IOWAIT]);
}

/*
 * Parses the whole lines among size bytes. Returns the bytes done with, or -1 when a line of
 * something else has come: the CPUs stand first, and a long line of interrupts follows them.
 */
static ssize_t parse_lines(struct procstat *p, size_t size)
{
	const char *line = p->buffer, *end = p->buffer + size, *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		if (newline - line < 3 || memcmp(line, "cpu", 3))
			return -1;
		parse_line(p, line, newline);
		line = newline + 1;
	}
	return end - line >= 3 && memcmp(line, "cpu", 3) ? -1 : line - p->buffer;
}

static int read_all(struct procstat *p)
{
	size_t held = 0; /* the beginning of a line, left by the last part */
	off_t offset = 0;

	for (;;) {
		ssize_t n = pread(p->fd, p->buffer + held, sizeof(p->buffer) - held, offset), done;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		offset += n;
		held += (size_t)n;
		done = parse_lines(p, held);
		if (done < 0)
			return 0;
		held -= (size_t)done;
		if (held == sizeof(p->buffer))
			return -EIO;
		memmove(p->buffer, p->buffer + done, held);
	}
}

/* CPUs that are no longer listed are offline. */
static void forget_absent(struct procstat *p)
{
	for (uint32_t i = 0; i < p->nr_cpus; i++) {
		if (p->last[i].round == p->round)
			continue;
		p->last[i].round = 0;
		p->busy_pct[i] = UNKNOWN;
	}
}

int procstat_update(struct procstat *p)
{
	int r;

	p->round++;
	r = read_all(p);
	if (r < 0)
		return r;
	forget_absent(p);
	return 0;
}

static int open_stat(const char *root)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/proc/stat", root) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int procstat_new(const char *root, uint32_t nr_cpus, struct procstat **ret)
{
	_cleanup_(procstat_freep) struct procstat *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->fd = -EBADF;
	p->nr_cpus = nr_cpus;
	p->last = calloc(nr_cpus, sizeof(p->last[0]));
	p->busy_pct = calloc(nr_cpus, sizeof(p->busy_pct[0]));
	if (!p->last || !p->busy_pct)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_cpus; i++)
		p->busy_pct[i] = UNKNOWN;
	p->fd = open_stat(root);
	r = p->fd < 0 ? p->fd : procstat_update(p);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(p);
	return 0;
}

struct procstat *procstat_free(struct procstat *p)
{
	if (!p)
		return NULL;
	closep(&p->fd);
	free(p->last);
	free(p->busy_pct);
	free(p);
	return NULL;
}

const double *procstat_busy_pct(const struct procstat *p)
{
	return p->busy_pct;
}

struct procstat_ticks procstat_ticks(const struct procstat *p)
{
	return p->ticks;
}
