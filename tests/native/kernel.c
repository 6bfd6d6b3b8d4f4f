/* SPDX-License-Identifier: GPL-2.0-only */
/* Kfuncs and helpers: CPUs, tasks, locks, maps, texts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/native/core.h"

struct native_kernel native;
void (*native_on_read)(void);

void native_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("native kernel: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

/* The begin of each call that the verifier forbids under a lock. */
void native_enter(const char *kfunc)
{
	if (native.locks_held)
		native_die("%s under a lock", kfunc);
	if (native.on_call)
		native.on_call(kfunc);
}

/* --- CPUs. -------------------------------------------------------------------------------------- */

void native_check_cpu(s32 cpu, const char *kfunc)
{
	if ((u32)cpu >= native.nr_cpu_ids)
		native_die("%s of CPU %d", kfunc, cpu);
}

bool kernel_in_event(void)
{
	native_enter(__func__);
	return native.in_interrupt;
}

/* kick_one_cpu and kick_one_cpu_if_idle */
void scx_bpf_kick_cpu(s32 cpu, u64 flags)
{
	struct native_cpu *c = &native.cpus[cpu];

	native_enter(__func__);
	native_check_cpu(cpu, __func__);
	native.kicks[native.nr_kicks++ % NATIVE_KICKS] = (struct native_kick){ cpu, flags };
	native_tell(NATIVE_EVENT_KICK, cpu, NULL, 0, flags);
	if (!c->active && !c->leaving && cpu != native.cpu)
		return;
	if (flags & KICK_IDLE && !c->choosing && (c->running || c->in_rt))
		return;
	if (flags & KICK_PREEMPT && c->running) {
		native_account(c);
		c->running->scx.slice = 0;
	}
	native_resched(c);
}

u32 scx_bpf_cpuperf_cap(s32 cpu)
{
	native_enter(__func__);
	native_check_cpu(cpu, __func__);
	return native.cpus[cpu].capacity;
}

void scx_bpf_cpuperf_set(s32 cpu, u32 perf)
{
	native_enter(__func__);
	native_check_cpu(cpu, __func__);
	native.cpus[cpu].perf = perf;
	native.cpus[cpu].nr_perf_set++;
}

u32 bpf_get_smp_processor_id(void)
{
	return native.cpu;
}

u64 kernel_now(void)
{
	native_enter(__func__);
	return native.now_ns;
}

/* --- Locks and maps. ---------------------------------------------------------------------------- */

void bpf_spin_lock(struct bpf_spin_lock *lock)
{
	if (lock->val || native.locks_held)
		native_die("a lock is taken while one is held");
	lock->val = 1;
	native.locks_held++;
}

void bpf_spin_unlock(struct bpf_spin_lock *lock)
{
	if (!lock->val)
		native_die("a lock is released that is not held");
	lock->val = 0;
	native.locks_held--;
}

/* The storage of array maps, by the address of their definition; kept to the end of the program. */
void *native_map_lookup(void *map, u32 entries, u32 value_size, const u32 *key)
{
	static struct {
		void *map;
		char *values;
	} arrays[8];
	u32 i = 0;

	native_enter("bpf_map_lookup_elem");
	while (i < 8 && arrays[i].map && arrays[i].map != map)
		i++;
	if (i == 8)
		native_die("too many maps");
	if (!arrays[i].map) {
		arrays[i].map = map;
		arrays[i].values = calloc(entries, value_size);
	}
	return *key < entries ? arrays[i].values + (size_t)*key * value_size : NULL;
}

void *native_task_storage(void *map, struct task_struct *p, u32 value_size, u64 flags)
{
	native_enter("bpf_task_storage_get");
	if (p->native.storage || !(flags & BPF_LOCAL_STORAGE_GET_F_CREATE))
		return p->native.storage;
	if (native.fail_storage) {
		native.fail_storage--;
		return NULL;
	}
	p->native.storage = calloc(1, value_size);
	return p->native.storage;
}

/* --- Texts and events. -------------------------------------------------------------------------- */

void native_dump(const char *format, ...)
{
	size_t length = strlen(native.text);
	va_list args;

	native_enter(__func__);
	va_start(args, format);
	vsnprintf(native.text + length, sizeof(native.text) - length, format, args);
	va_end(args);
}

void native_exit(s64 code, const char *format, ...)
{
	va_list args;

	native_enter(__func__);
	native.exit_code = code;
	va_start(args, format);
	vsnprintf(native.exit_text, sizeof(native.exit_text), format, args);
	va_end(args);
}

long bpf_probe_read_kernel_str(void *dst, u32 size, const void *from)
{
	native_enter(__func__);
	if (!from)
		return -EFAULT;
	return snprintf(dst, size, "%s", (const char *)from);
}

void *bpf_ringbuf_reserve(void *ringbuf, u64 size, u64 flags)
{
	native_enter(__func__);
	if (native.ringbuf_full || size > sizeof(native.event))
		return NULL;
	memset(native.event, 0xa5, sizeof(native.event)); /* as a ring's memory is */
	return native.event;
}

void bpf_ringbuf_submit(void *data, u64 flags)
{
	native_enter(__func__);
	native.nr_events++;
}

u64 native_counter(enum wd40_counter counter)
{
	u64 sum = 0;

	for (u32 cpu = 0; cpu < shared.nr_cpu_ids; cpu++)
		sum += shared.cpus[cpu].counters[counter];
	return sum;
}
