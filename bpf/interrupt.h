/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bits of the kernel's preemption count (include/linux/preempt.h, macros) that tell that an interrupt is
 * served. A soft one has bit 8. Hard ones are counted in four bits, from bit 16 on; and where the kernel counts
 * there how often interrupts are switched off (7.3 does, 7.2 does not), from bit 24 on. In an NMI nobody is woken.
 */
#pragma once

#include <stdbool.h>

#include "bpf/shared.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static __always_inline u32 interrupt_bits(bool counts_disabling)
{
	return counts_disabling ? 0x0f000100 : 0x000f0100;
}
