/* SPDX-License-Identifier: GPL-2.0-only */
/* What the scheduler tells: to the kernel's dump when it fails or on request, and to the daemon at its end. */
#pragma once

#include "bpf/kernel.bpf.h"
#include "bpf/policy.bpf.h"

__hidden void report_machine(struct policy policy);
__hidden void report_cpu(s32 cpu);
__hidden void report_task(const struct wd40_task __arena *t);

/* Keeps the kernel's dump in the arena, then sends struct wd40_exit_event. Sleepable. */
__hidden void report_end(const struct scx_exit_info *info);
