/* SPDX-License-Identifier: GPL-2.0-only */
/* What the baselines share. */
#pragma once

#include "tests/native/native.h"

#define BASELINE_SLICE_NS (20ull * 1000 * 1000) /* the kernel's SCX_SLICE_DFL */
#define ANY_DOMAIN        WD40_NO_DOMAIN

extern const struct sched_ext_ops global_vtime_ops, llc_fifo_ops;

/* Takes an idle CPU of the domain that the task may use, the last one first; -1 when there is none. */
s32 baseline_claim_idle(struct task_struct *p, u32 domain);

/* Wakes an idle CPU of the domain, which may run the task that was queued. */
void baseline_kick_idle(struct task_struct *p, u32 domain);
