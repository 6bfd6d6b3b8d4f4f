/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake back-end: schedules nothing, but has an arena and fails on demand. Scripted through the
 * folder named by WD40D_FAKE_DIR, which holds
 *
 *	arena		the arena's memory, made here; arena-peek looks into it from outside
 *	log		made here: one line a call that changes something, "attach 0" or "open -1"
 *	open, attach	when present: "ERRNO [COUNT]", the call fails so (COUNT times, then no more)
 *	attach-takes	when present: milliseconds that an attach takes
 *	busy		when present: percent that each CPU is busy, from the next look at the arena on
 *	probe		when present: lines "NAME required|optional met|missing DETAIL"
 *	control		FIFO: a line "KIND CODE REASON|MESSAGE" ends the attached scheduler
 *
 * Without the variable the arena is private memory and nothing ever fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "daemon/sched.h"
#include "util/cleanup.h"

#define ARENA_SIZE ((size_t)WD40_ARENA_PAGES * WD40_PAGE_SIZE)

struct sched {
	struct wd40_shared *shared;
	int control_fd;
	bool attached;
	u64 clock_ns; /* up to which CPUs have been idle or busy */

	/* as at the attach: a fuzzer writes over the arena, and this is no part of what it tries */
	struct wd40_cpu *cpus;
	u32 nr_cpu_ids;
};

static uint64_t nr_attached;

static const char *fake_dir;

/* Before the daemon forgets the environment. */
__attribute__((constructor)) static void find_fake_dir(void)
{
	fake_dir = getenv("WD40D_FAKE_DIR");
}

static bool fake_path(const char *name, char path[PATH_MAX])
{
	if (fake_dir)
		snprintf(path, PATH_MAX, "%s/%s", fake_dir, name);
	return fake_dir;
}

static void fake_log(const char *call, int result)
{
	_cleanup_(fclosep) FILE *log = NULL;
	char path[PATH_MAX];

	if (!fake_path("log", path))
		return;
	log = fopen(path, "ae");
	if (log)
		fprintf(log, "%s %d\n", call, result);
}

static int errno_by_name(const char *name)
{
	for (int err = 1; err < 200; err++) {
		const char *known = strerrorname_np(err);

		if (known && strcmp(known, name) == 0)
			return -err;
	}
	return -EINVAL;
}

/* What call shall return now, by the file of its name; counts down there. */
static int fake_fault(const char *call)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[PATH_MAX], name[32];
	int left = -1;

	if (!fake_path(call, path))
		return 0;
	file = fopen(path, "r+e");
	if (!file || fscanf(file, "%31s %d", name, &left) < 1 || left == 0)
		return 0;
	if (left > 0) {
		rewind(file);
		fprintf(file, "%s %d\n", name, left - 1);
	}
	return errno_by_name(name);
}

static int fake_probe(struct sched_requirement *reqs, size_t max)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[PATH_MAX], required[16], met[16];
	size_t n = 0;

	if (fake_path("probe", path))
		file = fopen(path, "re");
	while (file && n < max &&
	       fscanf(file, "%47s %15s %15s %159[^\n]", reqs[n].name, required, met,
		      reqs[n].detail) == 4) {
		reqs[n].required = strcmp(required, "required") == 0;
		reqs[n++].met = strcmp(met, "met") == 0;
	}
	return n;
}

static int fake_map_arena(struct wd40_shared **ret)
{
	_cleanup_(closep) int fd = -EBADF;
	char path[PATH_MAX];
	void *p;

	if (fake_path("arena", path)) {
		/* A fresh file: who still looks into the last one shall not see this one. */
		unlink(path);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} else {
		fd = memfd_create("fake-arena", MFD_CLOEXEC);
	}
	if (fd < 0 || ftruncate(fd, ARENA_SIZE) < 0)
		return -errno;
	p = mmap((void *)WD40_ARENA_BASE, ARENA_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	return 0;
}

static int fake_open_control(void)
{
	char path[PATH_MAX];
	int fd;

	if (!fake_path("control", path))
		return -EBADF;
	/* Opened for writing too, so that it never reads as hung up. */
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int fake_open(const struct sched_spec *spec, struct sched **ret)
{
	_cleanup_(freep) struct sched *s = NULL;
	int r = fake_fault("open");

	fake_log("open", r);
	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	r = fake_map_arena(&s->shared);
	if (r < 0)
		return r;
	s->control_fd = fake_open_control();
	*ret = TAKE_PTR(s);
	return 0;
}

static u64 fake_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

static double fake_busy_pct(void)
{
	_cleanup_(closep) int fd = -EBADF;
	char path[PATH_MAX], text[32];
	ssize_t n = 0;

	/* in each round, so without a stream: the daemon's rounds allocate nothing, which is measured */
	if (fake_path("busy", path))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return strtod(text, NULL);
}

/* Time passes for the CPUs, as BPF would count it. */
static void fake_pass_time(struct sched *s)
{
	u64 now = fake_clock_ns();
	u64 idle_ns = (u64)((double)(now - s->clock_ns) * (100 - fake_busy_pct()) / 100);

	for (u32 cpu = 0; cpu < s->nr_cpu_ids; cpu++)
		s->cpus[cpu].idle += idle_ns;
	s->cpus[0].clock_ns = s->clock_ns = now;
}

static struct wd40_shared *fake_shared(struct sched *s)
{
	if (s->attached)
		fake_pass_time(s);
	return s->shared;
}

/* As domain_begin() in bpf/domain.bpf.c does before an attach returns: all CPUs are online and alike. */
static void fake_begin_cpus(struct wd40_shared *shared)
{
	for (u32 cpu = 0; cpu < shared->nr_cpu_ids; cpu++) {
		struct wd40_cpu *c = &shared->cpus[cpu];

		if (c->domain == WD40_NO_DOMAIN)
			continue;
		c->online = true;
		c->capacity = 1024;
		shared->domains[c->domain].capacity += c->capacity;
		shared->domains[c->domain].nr_online++;
	}
}

/* As the verifier does: nothing else of the daemon runs meanwhile. */
static void fake_take_time(void)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[PATH_MAX];
	unsigned int ms;

	if (fake_path("attach-takes", path))
		file = fopen(path, "re");
	if (file && fscanf(file, "%u", &ms) == 1)
		usleep(ms * 1000);
}

static int fake_attach(struct sched *s)
{
	int r = fake_fault("attach");

	fake_take_time();
	fake_log("attach", r);
	if (r < 0)
		return r;
	fake_begin_cpus(s->shared);
	s->cpus = s->shared->cpus;
	s->nr_cpu_ids = s->shared->nr_cpu_ids;
	s->clock_ns = fake_clock_ns();
	s->attached = true;
	nr_attached++;
	return 0;
}

static int fake_event_fd(struct sched *s)
{
	return s->control_fd;
}

static int fake_read_exit(struct sched *s, struct sched_exit *ret)
{
	struct sched_exit e = { 0 };
	char line[PIPE_BUF + 1];
	ssize_t n;

	if (s->control_fd < 0)
		return 0;
	n = read(s->control_fd, line, PIPE_BUF);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	line[n] = '\0';
	if (sscanf(line, "%" SCNu32 " %" SCNd64 " %127[^|\n]|%1023[^\n]", &e.kind, &e.code,
		   e.reason, e.message) < 2)
		return -EBADMSG;
	s->attached = false;
	fake_log("exit", e.kind);
	*ret = e;
	return 1;
}

static void fake_detach(struct sched *s)
{
	if (!s->attached)
		return;
	s->attached = false;
	fake_log("detach", 0);
}

static struct sched *fake_close(struct sched *s)
{
	if (!s)
		return NULL;
	fake_detach(s);
	fake_log("close", 0);
	munmap(s->shared, ARENA_SIZE);
	closep(&s->control_fd);
	free(s);
	return NULL;
}

static uint64_t fake_enable_seq(void)
{
	return nr_attached;
}

static uint64_t fake_hotplug_seq(void)
{
	return 0;
}

const struct sched_backend sched_backend = {
	.name = "fake",
	.probe = fake_probe,
	.open = fake_open,
	.shared = fake_shared,
	.attach = fake_attach,
	.event_fd = fake_event_fd,
	.read_exit = fake_read_exit,
	.detach = fake_detach,
	.close = fake_close,
	.enable_seq = fake_enable_seq,
	.hotplug_seq = fake_hotplug_seq,
};
