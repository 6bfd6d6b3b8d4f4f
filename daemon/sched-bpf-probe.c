// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/sched-bpf-probe.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/macro.h"

#define SYSFS_SCHED_EXT "/sys/kernel/sched_ext"
#define FACT_MAX        4096

DEFINE_CLEANUP(struct btf, btf__free)

/* The list under construction. */
struct probe {
	struct sched_requirement *reqs;
	size_t max;
	size_t nr;
};

static void add(struct probe *probe, const char *name, bool required, bool met, const char *format,
		...) _printf_(5, 6);

static void add(struct probe *probe, const char *name, bool required, bool met, const char *format,
		...)
{
	struct sched_requirement *req;
	va_list ap;

	if (probe->nr == probe->max)
		return;
	req = &probe->reqs[probe->nr++];
	req->required = required;
	req->met = met;
	snprintf(req->name, sizeof(req->name), "%s", name);
	va_start(ap, format);
	vsnprintf(req->detail, sizeof(req->detail), format, ap);
	va_end(ap);
}

/* First line of a file of /proc or /sys; caller frees, NULL when it cannot be read. */
static char *fact(const char *path)
{
	char *text;

	if (file_read(path, FACT_MAX, &text, NULL) < 0)
		return NULL;
	text[strcspn(text, "\n")] = 0;
	return text;
}

static void probe_sched_ext(struct probe *probe)
{
	bool met = access(SYSFS_SCHED_EXT, F_OK) == 0;

	add(probe, "sched_ext", true, met,
	    met ? SYSFS_SCHED_EXT " is there"
		: "no " SYSFS_SCHED_EXT ": needs a kernel with CONFIG_SCHED_CLASS_EXT=y");
}

/* Kernel functions and what is missed without them. NULL: wd40d cannot do without. */
static const struct kfunc {
	const char *name;
	const char *without;
} kfuncs[] = {
	{ "bpf_arena_alloc_pages", NULL },
	{ "bpf_rdonly_cast", NULL },
	{ "scx_bpf_create_dsq", NULL },
	{ "scx_bpf_cpuperf_cap", NULL },
	{ "scx_bpf_cpuperf_set", NULL },
	{ "scx_bpf_dump_bstr", NULL },
	{ "scx_bpf_dsq_insert", NULL },
	{ "scx_bpf_dsq_move_to_local", NULL },
	{ "scx_bpf_dsq_nr_queued", NULL },
	{ "scx_bpf_exit_bstr", NULL },
	{ "scx_bpf_get_idle_cpumask", NULL },
	{ "scx_bpf_get_idle_smtmask", NULL },
	{ "scx_bpf_get_online_cpumask", NULL },
	{ "scx_bpf_kick_cpu", NULL },
	{ "scx_bpf_put_cpumask", NULL },
	{ "scx_bpf_put_idle_cpumask", NULL },
	{ "scx_bpf_task_cpu", NULL },
	{ "scx_bpf_test_and_clear_cpu_idle", NULL },
	{ "scx_bpf_dsq_peek", "weights count less where few tasks share a CPU" },
	{ "scx_bpf_now", "the slower clock is read" },
	{ "scx_bpf_task_set_slice", "slices are written directly" },
};

static void probe_kfuncs(struct probe *probe, const struct btf *btf)
{
	char missing[128] = "";
	size_t used = 0, nr_missing = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kfuncs); i++) {
		if (btf__find_by_name_kind(btf, kfuncs[i].name, BTF_KIND_FUNC) > 0)
			continue;
		if (kfuncs[i].without) {
			add(probe, kfuncs[i].name, false, false, "without it %s",
			    kfuncs[i].without);
			continue;
		}
		nr_missing++;
		if (used < sizeof(missing))
			used += (size_t)snprintf(missing + used, sizeof(missing) - used, " %s",
						 kfuncs[i].name);
	}
	add(probe, "kernel functions", true, !nr_missing,
	    nr_missing ? "missing:%s (needs Linux 6.13 or later)" : "all there%s", missing);
}

static void probe_btf(struct probe *probe)
{
	_cleanup_(btf__freep) struct btf *btf = btf__load_vmlinux_btf();
	bool met;

	add(probe, "BTF", true, btf != NULL,
	    btf ? "the kernel describes its types"
		: "no /sys/kernel/btf/vmlinux: needs CONFIG_DEBUG_INFO_BTF=y");
	if (!btf)
		return;
	met = btf__find_by_name_kind(btf, "sched_ext_ops", BTF_KIND_STRUCT) > 0;
	add(probe, "sched_ext_ops", true, met, met ? "known" : "unknown to this kernel");
	if (met)
		probe_kfuncs(probe, btf);
}

static void probe_jit(struct probe *probe)
{
	_cleanup_(freep) char *jit = fact("/proc/sys/net/core/bpf_jit_enable");
	bool off = jit && strcmp(jit, "0") == 0;

	add(probe, "BPF JIT", true, !off,
	    off ? "switched off: sysctl net.core.bpf_jit_enable=1" : "on");
}

static void probe_arena(struct probe *probe)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE,
		    .map_extra = WD40_ARENA_BASE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARENA, "wd40d_probe", 0, 0, 1, &opts);
	bool forbidden = fd == -EPERM;

	add(probe, "privilege", true, !forbidden,
	    forbidden ? "BPF is not permitted: run as root (CAP_BPF, CAP_PERFMON)"
		      : "BPF is permitted");
	if (!forbidden)
		add(probe, "BPF arena", true, fd >= 0, fd >= 0 ? "works" : "cannot be created: %s",
		    strerror(-fd));
	if (fd >= 0)
		close(fd);
}

static void probe_lockdown(struct probe *probe)
{
	_cleanup_(freep) char *lockdown = fact("/sys/kernel/security/lockdown");
	bool closed = lockdown && strstr(lockdown, "[confidentiality]");

	add(probe, "lockdown", true, !closed,
	    closed ? "confidentiality mode forbids BPF to read kernel memory" : "allows BPF");
}

static void probe_rival(struct probe *probe)
{
	_cleanup_(freep) char *state = fact(SYSFS_SCHED_EXT "/state");
	_cleanup_(freep) char *ops = fact(SYSFS_SCHED_EXT "/root/ops");

	if (!state || strcmp(state, "disabled") == 0)
		add(probe, "no other scheduler", false, true, "none is active");
	else
		add(probe, "no other scheduler", false, false, "%s is active (%s)",
		    ops ? ops : "one", state);
}

int sched_bpf_probe(struct sched_requirement *reqs, size_t max)
{
	struct probe probe = { .reqs = reqs, .max = max };

	probe_sched_ext(&probe);
	probe_btf(&probe);
	probe_jit(&probe);
	probe_lockdown(&probe);
	probe_arena(&probe);
	probe_rival(&probe);
	return (int)probe.nr;
}

uint64_t sched_bpf_kernel_enum(const char *type, const char *name)
{
	_cleanup_(btf__freep) struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t;
	int id;

	id = btf ? btf__find_by_name(btf, type) : -ENOENT;
	if (id < 0)
		return 0;
	t = btf__type_by_id(btf, (uint32_t)id);
	for (int i = 0; i < btf_vlen(t); i++) {
		if (btf_is_enum64(t)) {
			const struct btf_enum64 *e = btf_enum64(t) + i;

			if (strcmp(btf__name_by_offset(btf, e->name_off), name) == 0)
				return btf_enum64_value(e);
		} else if (btf_is_enum(t)) {
			const struct btf_enum *e = btf_enum(t) + i;

			if (strcmp(btf__name_by_offset(btf, e->name_off), name) == 0)
				return (uint64_t)e->val;
		}
	}
	return 0;
}
