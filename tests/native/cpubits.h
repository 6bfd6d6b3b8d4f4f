/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of CPUs: plain words as the kernel's masks, and one with a summary to find the next CPU fast. */
#pragma once

#include <stdbool.h>

#include "bpf/shared.h"

#define CPU_BIT(cpu)  (1ul << (cpu) % WD40_BITS_PER_WORD)
#define CPU_WORD(cpu) ((cpu) / WD40_BITS_PER_WORD)

static inline bool cpubits_test(const unsigned long *bits, u32 cpu)
{
	return bits[CPU_WORD(cpu)] & CPU_BIT(cpu);
}

static inline void cpubits_assign(unsigned long *bits, u32 cpu, bool value)
{
	if (value)
		bits[CPU_WORD(cpu)] |= CPU_BIT(cpu);
	else
		bits[CPU_WORD(cpu)] &= ~CPU_BIT(cpu);
}

/* The first CPU of both sets, from first on; -1: none. words: of either set. */
static inline s32 cpubits_next_and(const unsigned long *a, const unsigned long *b, u32 words,
				   u32 first)
{
	for (u32 w = CPU_WORD(first); w < words; w++) {
		unsigned long both = a[w] & b[w];

		if (w == CPU_WORD(first))
			both &= -CPU_BIT(first);
		if (both)
			return (s32)(w * WD40_BITS_PER_WORD) + __builtin_ctzl(both);
	}
	return -1;
}

/* A set of up to 64 * 64 * 64 CPUs; words and summary are its owner's. */
struct cpubits_set {
	unsigned long *words, *summary;
	u32 nr_words;
};

static inline void cpubits_set_add(struct cpubits_set *s, u32 cpu)
{
	s->words[CPU_WORD(cpu)] |= CPU_BIT(cpu);
	s->summary[CPU_WORD(CPU_WORD(cpu))] |= CPU_BIT(CPU_WORD(cpu));
}

/* Takes the first CPU from first on out of the set; -1: there is none. */
static inline s32 cpubits_set_take(struct cpubits_set *s, u32 first)
{
	u32 w = CPU_WORD(first), nr_summary = CPU_WORD(s->nr_words - 1) + 1;
	unsigned long word = w < s->nr_words ? s->words[w] & -CPU_BIT(first) : 0;

	if (!word) {
		s32 next = w + 1 < s->nr_words
				   ? cpubits_next_and(s->summary, s->summary, nr_summary, w + 1)
				   : -1;

		if (next < 0)
			return -1;
		w = (u32)next;
		word = s->words[w];
	}
	s->words[w] &= ~(word & -word);
	if (!s->words[w])
		s->summary[CPU_WORD(w)] &= ~CPU_BIT(w);
	return (s32)(w * WD40_BITS_PER_WORD) + __builtin_ctzl(word);
}
