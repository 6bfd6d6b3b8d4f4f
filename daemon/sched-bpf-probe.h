/* SPDX-License-Identifier: GPL-2.0-only */
/* What the real back-end needs from kernel and machine. Part of sched-bpf.c: it may see libbpf. */
#pragma once

#include "daemon/sched.h"

/* See sched_backend.probe. */
int sched_bpf_probe(struct sched_requirement *reqs, size_t max);

/* Value of an enumerator in the running kernel's BTF; 0 when there is none. */
uint64_t sched_bpf_kernel_enum(const char *type, const char *name);
