// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real back-end: loads the BPF scheduler and attaches it to the kernel. The only file that sees
 * the skeleton; with its probe, the only one that uses libbpf.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/shared.h"
#include "daemon/sched-bpf-probe.h"
#include "daemon/sched.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/log.h"
#include "wd40.skel.h"

struct sched {
	struct wd40_bpf *skel;
	struct bpf_link *link;
	struct ring_buffer *events;
	bool exited; /* exit holds one that read_exit has not told yet */
	struct sched_exit exit;
};

/* libbpf speaks at length; its warnings matter when a load fails, the rest with -v -v only. */
static int libbpf_log(enum libbpf_print_level level, const char *format, va_list ap)
{
	char line[1024];
	size_t length;

	vsnprintf(line, sizeof(line), format, ap);
	length = strlen(line);
	if (length && line[length - 1] == '\n')
		line[length - 1] = 0;
	if (level == LIBBPF_WARN)
		log_warning("%s", line);
	else
		log_debug("%s", line);
	return 0;
}

static int on_event(void *userdata, void *data, size_t size)
{
	const struct wd40_exit_event *event = data;
	struct sched *s = userdata;

	if (size < sizeof(*event))
		return 0;
	s->exit = (struct sched_exit){ .kind = event->kind, .code = event->code };
	memcpy(s->exit.reason, event->reason, sizeof(s->exit.reason));
	memcpy(s->exit.message, event->message, sizeof(s->exit.message));
	s->exit.reason[sizeof(s->exit.reason) - 1] = 0;
	s->exit.message[sizeof(s->exit.message) - 1] = 0;
	s->exited = true;
	return 0;
}

/* Flags by their names in the running kernel: numbers may differ, and unknown ones are refused. */
static uint64_t ops_flags(bool partial)
{
	uint64_t flags = sched_bpf_kernel_enum("scx_ops_flags", "SCX_OPS_KEEP_BUILTIN_IDLE") |
			 sched_bpf_kernel_enum("scx_ops_flags", "SCX_OPS_ALLOW_QUEUED_WAKEUP");

	if (partial)
		flags |= sched_bpf_kernel_enum("scx_ops_flags", "SCX_OPS_SWITCH_PARTIAL");
	return flags;
}

static void apply_spec(struct sched *s, const struct sched_spec *spec)
{
	s->skel->struct_ops.wd40_ops->flags = ops_flags(spec->partial);
	s->skel->struct_ops.wd40_ops->timeout_ms = (uint32_t)spec->timeout_ms;
	s->skel->struct_ops.wd40_ops->exit_dump_len = spec->exit_dump_len;
	s->skel->struct_ops.wd40_ops->hotplug_seq = spec->hotplug_seq;
}

static struct sched *sched_bpf_close(struct sched *s)
{
	if (!s)
		return NULL;
	if (s->link)
		bpf_link__destroy(s->link);
	ring_buffer__free(s->events);
	wd40_bpf__destroy(s->skel);
	free(s);
	return NULL;
}
DEFINE_CLEANUP(struct sched, sched_bpf_close)

/* Whether the machine meets all requirements. Which it does not, the caller tells from the probe. */
static int check_requirements(void)
{
	struct sched_requirement reqs[SCHED_REQUIREMENTS_MAX];
	int nr = sched_bpf_probe(reqs, SCHED_REQUIREMENTS_MAX), err = 0;

	for (int i = 0; i < nr; i++)
		if (!reqs[i].met && reqs[i].required)
			err = strcmp(reqs[i].name, "privilege") == 0 ? -EPERM : -EOPNOTSUPP;
	return err;
}

static int sched_bpf_open(const struct sched_spec *spec, struct sched **ret)
{
	_cleanup_(sched_bpf_closep) struct sched *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	libbpf_set_print(libbpf_log);
	err = check_requirements();
	if (err)
		return err;
	s->skel = wd40_bpf__open();
	if (!s->skel)
		return -errno;
	apply_spec(s, spec);
	err = wd40_bpf__load(s->skel);
	if (err) /* libbpf has told which program the verifier refused, and why */
		return err == -EACCES ? -EINVAL : err;
	if ((uint64_t)&s->skel->arena->shared != WD40_ARENA_BASE) {
		log_error("this libbpf (%s) does not place the arena's variables at its start; "
			  "wd40d is made for 1.5 and 1.6",
			  libbpf_version_string());
		return -EOPNOTSUPP;
	}
	s->events = ring_buffer__new(bpf_map__fd(s->skel->maps.events), on_event, s, NULL);
	if (!s->events)
		return -errno;
	*ret = TAKE_PTR(s);
	return 0;
}

static struct wd40_shared *sched_bpf_shared(struct sched *s)
{
	return &s->skel->arena->shared;
}

static int sched_bpf_event_fd(struct sched *s)
{
	return ring_buffer__epoll_fd(s->events);
}

static int sched_bpf_read_exit(struct sched *s, struct sched_exit *ret)
{
	int err = ring_buffer__consume(s->events);

	if (err < 0)
		return err;
	if (!s->exited)
		return 0;
	*ret = s->exit;
	s->exited = false;
	return 1;
}

/*
 * The kernel reports success for an attach that it undid at once, so that the reason can be told by
 * an exit; it is there on return.
 */
static int early_exit(struct sched *s)
{
	int err = ring_buffer__consume(s->events);
	uint64_t restart = sched_bpf_kernel_enum("scx_exit_code", "SCX_ECODE_ACT_RESTART");

	if (err < 0)
		return err;
	if (!s->exited)
		return 0;
	if (restart && ((uint64_t)s->exit.code & restart)) {
		s->exited = false;
		return -EAGAIN;
	}
	return -EIO;
}

static int sched_bpf_attach(struct sched *s)
{
	s->link = bpf_map__attach_struct_ops(s->skel->maps.wd40_ops);
	if (!s->link)
		return -errno;
	return early_exit(s);
}

static void sched_bpf_detach(struct sched *s)
{
	if (!s->link)
		return;
	bpf_link__destroy(s->link);
	s->link = NULL;
}

static uint64_t read_number(const char *path)
{
	_cleanup_(freep) char *text = NULL;

	if (file_read(path, 64, &text, NULL) < 0)
		return 0;
	return strtoull(text, NULL, 10);
}

static uint64_t sched_bpf_enable_seq(void)
{
	return read_number("/sys/kernel/sched_ext/enable_seq");
}

static uint64_t sched_bpf_hotplug_seq(void)
{
	return read_number("/sys/kernel/sched_ext/hotplug_seq");
}

const struct sched_backend sched_backend = {
	.name = "bpf",
	.probe = sched_bpf_probe,
	.open = sched_bpf_open,
	.shared = sched_bpf_shared,
	.attach = sched_bpf_attach,
	.event_fd = sched_bpf_event_fd,
	.read_exit = sched_bpf_read_exit,
	.detach = sched_bpf_detach,
	.close = sched_bpf_close,
	.enable_seq = sched_bpf_enable_seq,
	.hotplug_seq = sched_bpf_hotplug_seq,
};
